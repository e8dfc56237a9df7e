#!/bin/sh
# Installs requirements.lock into .venv and checks that MuJoCo renders without a
# display. Run it with `make setup`; if nothing has changed since the last run,
# it returns at once. PYTHON selects the interpreter.
set -eu
cd "$(dirname "$0")/.."

supported='3.13 3.12 3.11'
venv=.venv
stamp=$venv/setup-stamp
ours=$venv/made-by-setup

say() { echo "setup: $*"; }
fail() { for line in "$@"; do echo "setup: $line" >&2; done; exit 1; }

# Prints the version of an interpreter, e.g. 3.12; nothing if it does not run.
version_of() {
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || :
}

is_supported() {
  case " $supported " in *" $1 "*) [ -n "$1" ] ;; *) false ;; esac
}

# Sets `python` to $PYTHON or else to the newest supported version.
choose_python() {
  if [ -n "${PYTHON:-}" ]; then
    is_supported "$(version_of "$PYTHON")" || fail \
      "PYTHON=$PYTHON is $(describe "$PYTHON"); supported: Python $supported"
    python=$PYTHON
    return
  fi
  for name in $supported; do
    python=python$name
    [ "$(version_of "$python")" = "$name" ] && return
  done
  for python in python3 python; do
    is_supported "$(version_of "$python")" && return
  done
  fail "no supported Python found (python3 is $(describe python3))." \
    "Install Python ${supported##* } or newer (supported: $supported)," \
    'or select one: make setup PYTHON=/path/to/python3.12'
}

describe() {
  found=$(version_of "$1")
  echo "${found:-not an interpreter that runs}"
}

# Installs system packages if apt-get works without a password.
install_system_packages() {
  command -v apt-get >/dev/null || return 1
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
    as_root='sudo -n'
  fi
  say "installing system packages: $*"
  $as_root apt-get -qq update </dev/null &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
      --no-install-recommends "$@" </dev/null
}

make_venv() {
  package=python$(version_of "$python")-venv
  "$python" -c 'import ensurepip, venv' 2>/dev/null ||
    install_system_packages "$package" || fail \
    "$python lacks the modules venv and ensurepip. Install them, on Debian and" \
    "Ubuntu with: sudo apt-get install $package"
  say "creating $venv with $python ($(version_of "$python"))"
  "$python" -m venv --clear "$venv"
  : >"$ours"
}

# Keeps a working .venv unless PYTHON selects another version.
ensure_venv() {
  have=$(version_of "$venv/bin/python")
  if is_supported "$have"; then
    [ -n "${PYTHON:-}" ] || return 0
    choose_python
    [ "$(version_of "$python")" != "$have" ] || return 0
    [ -f "$ours" ] || fail \
      "$venv uses Python $have and was not created by this script." \
      "Remove it (make clean-venv) to use PYTHON=$PYTHON."
  else
    choose_python
  fi
  make_venv
}

current_key() {
  sum=$(cat requirements.lock setup.py pyproject.toml | cksum)
  echo "$PWD $("$venv/bin/python" -VV) $sum"
}

install_packages() {
  say "installing $(grep -c == requirements.lock) packages (2.7 GB, minutes)"
  # Without dependencies: the lock file is complete, and on Python 3.13
  # dm_control requires labmaze, which has no wheel and which we do not need.
  pip_install --no-deps -r requirements.lock &&
    pip_install --no-deps --no-build-isolation --editable . ||
    fail 'pip failed, see above. Check the network and the disk space and run' \
      'this again, or start over with make clean-venv.'
}

pip_install() {
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-input "$@"
}

renders() { (unset MUJOCO_GL; "$venv/bin/python" -m planet_tf.doctor "$@"); }

# Rendering must work without MUJOCO_GL, so the variable is ignored.
check_rendering() {
  renders --rendering --quiet >/dev/null && return
  command=$("$venv/bin/python" -c \
    'from planet_tf.envs.rendering import INSTALL; print(INSTALL)')
  # shellcheck disable=SC2086  # One word for each package.
  install_system_packages ${command##* -y } || :
  renders --rendering && return
  fail 'MuJoCo cannot render without a display. On Debian and Ubuntu, run' \
    "  $command" 'and then this again; elsewhere, install Mesa with EGL.'
}

ensure_venv
key=$(current_key)
[ "$(cat "$stamp" 2>/dev/null || :)" != "$key" ] || exit 0
rm -f "$stamp"
install_packages
check_rendering
echo "$key" >"$stamp"
say "ready: $venv ($("$venv/bin/python" -V))"
