#!/usr/bin/env bash
# A real django-oscar store, installed from its package, and the visits to it: `.ci/oscar.sh wheel python [python ...]`.
# The wheel is tested, from a folder in which the package's sources are not.
# In environments of their own: on Python 3.11 pip finds Django 5.2, on a newer one the newest Django that oscar takes.
set -euo pipefail
cd "$(dirname "$0")/.."
wheel=$(realpath "$1")
shift
oscar=$(mktemp -d)
trap 'rm -rf "$oscar"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_QUIET=2
cp -r tests docs manage.py pyproject.toml "$oscar"
cd "$oscar"
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

for python in "$@"; do
  environment="$oscar/venv-$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
  "$python" -m venv "$environment"
  "$environment/bin/python" -m pip install "$wheel[test,oscar]" "django-oscar[sorl-thumbnail]>=4.2,<4.3" "whoosh>=2.7"
  "$environment/bin/python" -c "import django, oscar, sys; print(sys.version.split()[0], 'Django', django.__version__, 'oscar', oscar.get_version())"
  "$environment/bin/python" -m django check --settings=tests.stores.oscar.plain --fail-level WARNING
  "$environment/bin/python" -m pytest -q -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning \
    --ds=tests.stores.oscar.settings tests/stores/oscar
done
