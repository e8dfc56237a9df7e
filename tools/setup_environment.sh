#!/bin/sh
# Makes .venv hold exactly what requirements.lock names, then checks that
# MuJoCo can render without a screen. Run it through `make setup`; a second run
# finds its stamp and returns at once. PYTHON chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

supported='3.13 3.12 3.11'
venv=.venv
stamp=$venv/setup-stamp
ours=$venv/made-by-setup

say() { echo "setup: $*"; }
fail() { for line in "$@"; do echo "setup: $line" >&2; done; exit 1; }

# Prints the interpreter's version as 3.12; nothing where it does not run.
version_of() {
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || :
}

is_supported() {
  case " $supported " in *" $1 "*) [ -n "$1" ] ;; *) false ;; esac
}

# Sets `python`: what the user asked for, else the newest supported one.
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
    'or name one: make setup PYTHON=/path/to/python3.12'
}

describe() {
  found=$(version_of "$1")
  echo "${found:-not an interpreter that runs}"
}

# Installs system packages where this may be done without asking anyone.
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
    "$python lacks the venv and ensurepip modules. Install them, as on Debian" \
    "and Ubuntu: sudo apt-get install $package"
  say "making $venv with $python ($(version_of "$python"))"
  "$python" -m venv --clear "$venv"
  : >"$ours"
}

# Leaves a .venv that runs as it is, unless PYTHON asks for another version.
ensure_venv() {
  have=$(version_of "$venv/bin/python")
  if is_supported "$have"; then
    [ -n "${PYTHON:-}" ] || return 0
    choose_python
    [ "$(version_of "$python")" != "$have" ] || return 0
    [ -f "$ours" ] || fail \
      "$venv holds Python $have and was not made by this script." \
      "Remove it (make clean-venv) to change to PYTHON=$PYTHON."
  else
    choose_python
  fi
  make_venv
}

current_key() {
  sum=$(cat requirements.lock setup.py | cksum)
  echo "$PWD $("$venv/bin/python" -VV) $sum"
}

install_packages() {
  say "installing $(grep -c == requirements.lock) packages: 2.7 GB, minutes"
  # Without dependencies: the lock is complete, and on Python 3.13 dm_control
  # asks for labmaze, which has no wheel there and which its suite never needs.
  pip_install --no-deps -r requirements.lock &&
    pip_install --no-deps --no-build-isolation --editable . ||
    fail 'pip failed, see above. Mend it (network? disk?), or begin afresh' \
      'with make clean-venv, and run this again.'
}

pip_install() {
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-input "$@"
}

renders() { (unset MUJOCO_GL; "$venv/bin/python" -m planet_tf.doctor "$@"); }

# The machine has to render by default, whatever MUJOCO_GL says today.
check_rendering() {
  renders --rendering --quiet >/dev/null && return
  command=$("$venv/bin/python" -c \
    'from planet_tf.envs.rendering import INSTALL; print(INSTALL)')
  # shellcheck disable=SC2086  # One word for each package.
  install_system_packages ${command##* -y } || :
  renders --rendering && return
  fail 'MuJoCo cannot render without a screen. On Debian and Ubuntu do' \
    "  $command" 'and run this again; elsewhere install Mesa with EGL.'
}

ensure_venv
key=$(current_key)
[ "$(cat "$stamp" 2>/dev/null || :)" != "$key" ] || exit 0
rm -f "$stamp"
install_packages
check_rendering
echo "$key" >"$stamp"
say "ready: $venv ($("$venv/bin/python" -V))"
