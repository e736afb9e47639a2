#!/usr/bin/env bash
# A real store on django-salesman, installed from its package, and one visit to it: `.ci/salesman.sh wheel python`.
# The wheel is tested, from a folder in which the package's sources are not.
# In an environment of its own: salesman wants Django 5, and nothing here needs LightFM or a server. A browser it does.
set -euo pipefail
cd "$(dirname "$0")/.."
wheel=$(realpath "$1")
python=$2
salesman=$(mktemp -d)
trap 'rm -rf "$salesman"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_QUIET=2
cp -r tests docs manage.py pyproject.toml "$salesman"
cd "$salesman"

"$python" -m venv "$salesman/venv"
. "$salesman/venv/bin/activate"
python -m pip install "$wheel[salesman]" "pytest>=8.3" "pytest-django>=4.9" "pytest-randomly>=3.16" "playwright>=1.47"
python -c "import django, salesman; print('Django', django.__version__, 'salesman', salesman.__version__)"
python -W error -m django check --settings=tests.stores.salesman.plain --fail-level WARNING
python -m pytest -q --ds=tests.stores.salesman.settings tests/stores/salesman
