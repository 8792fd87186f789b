"""Addresses of database servers: which driver they need, and what of them may be shown."""

from __future__ import annotations

import re


def with_driver(url: str) -> str:
    """Return the address with the driver that bakeoff brings, unless it names one.

    >>> with_driver("postgresql://me@server/studies")
    'postgresql+psycopg://me@server/studies'
    """
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def without_password(url: str) -> str:
    """Return the address as it may be shown and kept.

    >>> without_password("postgresql://me:secret@server/studies?password=x&sslmode=require")
    'postgresql://me@server/studies?sslmode=require'
    """
    bare = re.sub(r"(://[^:@/]*):[^@/]*@", r"\1@", url)
    return re.sub(r"([?&])password=[^&]*&?", r"\1", bare).rstrip("?&")
