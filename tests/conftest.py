"""Settings for every test."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import CodeType

from apispec import APISpec
from argon2 import PasswordHasher, profiles
from flask import Flask
from flask_smorest import Api, Blueprint
from hypothesis import HealthCheck, settings
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from storage.permissions import PRIVATE_UMASK
from web.accounts import passwords

# As the command does: what tests make is as private as what it makes.
os.umask(PRIVATE_UMASK)

# A password's hash is made to cost 0.15 s of a processor, and the tests sign in a thousand times. Services
# that they start as processes hash as always.
passwords.HASHER = PasswordHasher.from_parameters(profiles.CHEAPEST)


class _CompiledTemplates(BytecodeCache):
    """Keeps every compiled template for the applications that follow in this process."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


def _compiled_once(compile_builder: Callable[..., object]) -> Callable[..., object]:
    """Returns Werkzeug's compiler of addresses with its functions kept by all that it makes them from."""
    compiled: dict[object, object] = {}

    def compile_once(rule: Rule, append_unknown: bool = True) -> object:
        key = rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    return compile_once


def _described_once(describe_views: Callable[..., None]) -> Callable[..., None]:
    """Returns flask-smorest's description of the API, made for the first application that asks."""
    first: list[APISpec] = []

    def describe_once(blueprint: Blueprint, api: Api, app: Flask, spec: APISpec, **names: object) -> None:
        if not first:
            describe_views(blueprint, api, app, spec, **names)
            first.append(spec)
        spec._paths, spec.components = first[0]._paths, first[0].components

    return describe_once


# A process of the service makes one application; the tests make a thousand of the same pages and addresses.
# Half of their processor time was compiling and describing these again.
Flask.jinja_options = {"bytecode_cache": _CompiledTemplates()}
Blueprint.register_views_in_doc = _described_once(Blueprint.register_views_in_doc)
Rule._compile_builder = _compiled_once(Rule._compile_builder)  # type: ignore[method-assign,assignment]

# No deadlines: a busy machine is not a wrong program.
settings.register_profile("prakat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prakat")


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are processors: half of the time is waiting, for browsers, leases, servers."""
    return (os.cpu_count() or 1) + 2
