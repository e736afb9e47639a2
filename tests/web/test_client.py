"""The shipped JavaScript client, as files; what it does is tried in a browser."""

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from django_personalize.api.openapi import document
from django_personalize.api.placements import PlacementRecord
from django_personalize.core.types import Purpose

SOURCE = Path(finders.find("personalize/client.js"))
TYPES = Path(finders.find("personalize/client.d.ts")).read_text()
SCHEMAS = document()["components"]["schemas"]
PLAIN = {"string": "string", "integer": "number", "boolean": "boolean", "null": "null"}


def declared(name):
    body = re.search(rf"^export interface {name} {{\n(.*?)^}}", TYPES, re.S | re.M)[1]
    return dict(re.findall(r"^  (\w+\??): (.*);$", body, re.M))


def written(schema):
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(map(written, schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(f'"{word}"' for word in schema["enum"])
    if schema["type"] == "array":
        return f"{written(schema['items'])}[]"
    if schema["type"] == "object":
        return f"Record<string, {written(schema['additionalProperties'])}>"
    return PLAIN[schema["type"]]


@pytest.mark.parametrize("name", re.findall(r"^export interface (\w+)", TYPES, re.M))
def test_a_type_is_what_the_api_says(name):
    if name in ("Client", "Wanted"):
        return
    schema = SCHEMAS[name]
    assert declared(name) == {
        field if field in schema["required"] else f"{field}?": written(each)
        for field, each in schema["properties"].items()
    }


def test_what_is_asked_for_is_what_the_api_takes():
    assert {name.rstrip("?") for name in declared("Wanted")} == set(PlacementRecord().fields)
    purposes = re.search(r"type Purpose = (.*);", TYPES)[1]
    assert purposes == " | ".join(f'"{purpose}"' for purpose in Purpose)


def test_it_weighs_two_kilobytes_at_most_and_runs_under_a_strict_policy():
    text = SOURCE.read_text()
    assert len(gzip.compress(text.encode(), compresslevel=9)) <= 2048
    for word in ("eval", "Function(", "innerHTML", "localStorage", "sessionStorage"):
        assert word not in text


def test_it_fits_its_types():
    compiler = shutil.which("tsc")
    if compiler is None:
        pytest.skip("no tsc on the path")
    told = subprocess.run(
        [compiler, "--noEmit", "--checkJs", "--strict", "--allowImportingTsExtensions", "--target", "es2022",
         "--moduleResolution", "bundler", "--module", "es2022", "--lib", "es2022,dom", str(SOURCE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.stdout == ""
