"""Replaces the slowest parts of moto. The behaviour does not change."""

import datetime
import functools
import os
import time
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import moto.core.responses as responses
import moto.core.serialize as serialize
import moto.core.utils as core
import xmltodict


def before_import(offset: Callable[[], datetime.timedelta]) -> None:
    """Must run before the rest of moto is imported, because its modules import these functions by name."""
    unix_time = core.unix_time

    def fast_unix_time(dt: datetime.datetime | None = None) -> float:
        return unix_time(dt) if dt else time.time() + offset().total_seconds()

    def fast_unix_time_millis(dt: datetime.datetime | None = None) -> float:
        return fast_unix_time(dt) * 1000.0

    core.unix_time = fast_unix_time
    core.unix_time_millis = fast_unix_time_millis


def after_import() -> None:
    import moto.backends as backends

    # Goes through every member of a service's class for every call, about a hundred for EC2.
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    # Lists a folder of about 180 services on disk for every call.
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    # Reads every letter of the same few hundred names for every call.
    responses.camelcase_to_underscores = functools.cache(responses.camelcase_to_underscores)
    # Generates the 52 letters of every request id one by one.
    responses.gen_amzn_requestid_long = request_id
    speed_up_responses()
    speed_up_xml()


def request_id(headers: dict[str, Any] | None = None) -> str:
    made = os.urandom(26).hex().upper()
    if isinstance(headers, dict):
        headers["x-amzn-requestid"] = made
    return made


def speed_up_responses() -> None:
    """Caches the names and transformers of response members.

    moto looks up every member under several names and compares its path with dozens of suffixes. The names depend only on
    the member and the class of the object, and the transformers only on the path.
    """
    names = serialize.XFormedAttributePicker.get_possible_keys
    known_transformers: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}

    def get_possible_keys(picker: Any, context: Any) -> list[str]:
        known = context.shape.__dict__.setdefault("known_keys", {})
        place = (type(context.obj), context.key)
        if place not in known:
            known[place] = list(dict.fromkeys(names(picker, context)))
        return known[place]

    def pick(picker: Any, context: Any) -> Any:
        value = None
        is_plain = not hasattr(context.obj, "__getitem__")
        for key in picker.get_possible_keys(context):
            if is_plain and "." not in key:
                found = getattr(context.obj, key, serialize.MISSING)
            else:
                found = serialize.get_value(context.obj, key, serialize.MISSING)
            if found is not serialize.MISSING:
                value = found
                break
        transform = find_transformer(picker.response_transformers, context)
        return transform(value) if transform else value

    def find_transformer(transformers: dict[str, Any], context: Any) -> Any:
        if not transformers:
            return None
        # Keeps a reference to the dictionary, because Python could reuse its id.
        _, found = known_transformers.setdefault(id(transformers), (transformers, {}))
        path = f"{context.key_path}.{context.key}"
        if path not in found:
            found[path] = next((one for end, one in transformers.items() if path.endswith(end)), None)
        return found[path]

    serialize.XFormedAttributePicker.get_possible_keys = get_possible_keys
    serialize.XFormedAttributePicker.__call__ = pick


def speed_up_xml() -> None:
    """xmltodict takes a third of the time of a long response, mostly to validate names from AWS's own models."""
    unparse = xmltodict.unparse

    def fast_unparse(body: Any, full_document: bool = True, **options: Any) -> str:
        if options.pop("pretty", False) or set(options) - {"short_empty_elements"}:
            return unparse(body, full_document=full_document, **options)
        parts = ['<?xml version="1.0" encoding="utf-8"?>\n'] if full_document else []
        for name, value in body.items():
            write(parts, name, value, options.get("short_empty_elements", False))
        return "".join(parts)

    def write(parts: list[str], name: str, value: Any, short: bool) -> None:
        if isinstance(value, (list, tuple)):
            for one in value:
                write_one(parts, name, one, short)
        else:
            write_one(parts, name, value, short)

    def write_one(parts: list[str], name: str, value: Any, short: bool) -> None:
        parts.append(f"<{name}")
        text = "" if value is None or isinstance(value, dict) else escape(text_of(value))
        members = value if isinstance(value, dict) else {}
        for key, member in members.items():
            if key[0] == "@":
                parts.append(f" {key[1:]}={quoteattr(text_of(member))}")
            elif key == "#text":
                text = escape(text_of(member))
        start = len(parts)
        parts.append(">")
        for key, member in members.items():
            if key[0] != "@" and key != "#text":
                write(parts, key, member, short)
        if text:
            parts.append(text)
        if short and len(parts) == start + 1:
            parts[start] = "/>"
        else:
            parts.append(f"</{name}>")

    def text_of(value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        return "" if value is None else str(value)

    xmltodict.unparse = fast_unparse
