#!/usr/bin/env bash
# Makes sure of the two system packages that the tests use: a Chromium and PostgreSQL's server programs.
# Installs them on Debian and Ubuntu when that needs no password; otherwise says what to install.
set -euo pipefail

have_browser() { command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null 2>&1; }
have_postgres() { command -v initdb >/dev/null 2>&1 || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

missing=()
have_browser || missing+=(chromium)
have_postgres || missing+=(postgresql)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "The tests need: ${missing[*]}" >&2
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo -n); fi
if command -v apt-get >/dev/null && { [ ${#as_root[@]} -eq 0 ] || sudo -n true 2>/dev/null; }; then
  echo "Installing ${missing[*]} with apt-get; this takes a minute or two." >&2
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if have_browser && have_postgres; then exit 0; fi
echo "Could not install ${missing[*]} here. Install with your system's package manager, e.g." >&2
echo "  sudo apt-get install -y ${missing[*]}" >&2
exit 1
