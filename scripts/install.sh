#!/bin/sh
# Installs rondo: one file, checked against the sums of its release. Needs no root.
set -eu

base_url=
version=

usage() {
  cat <<'END'
Usage: install.sh [--prefix DIR] [--from URL|DIR] [--version VERSION]
       install.sh --uninstall [--prefix DIR]

Puts the program into DIR/bin and its manual into DIR/share/man/man1.

  --prefix DIR       where to (~/.local)
  --from URL|DIR     where the files of the release are, SHA256SUMS among them
  --version VERSION  which one (the one this script came with)
  --uninstall        take both files away again; ~/.codex stays as it is
END
}

fail() {
  printf 'Cannot install rondo: %s\n' "$1" >&2
  exit "${2:-1}"
}

has() { command -v "$1" >/dev/null 2>&1; }

# The name of the system as the files of a release have it.
find_target() {
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=macos ;;
    *) fail "there is no build for $(uname -s), must be Linux or macOS (Windows: the zip file of the release)" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no build for $(uname -m), must be x86_64 or arm64" ;;
  esac
  # A shell under Rosetta is told that the processor is an Intel one.
  if [ "$os" = macos ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || :)" = 1 ]; then
    cpu=arm64
  fi
  target="$os-$cpu"
}

# What the file needs of a Linux system: glibc 2.27, libgcc_s.so.1, /proc.
check_linux() {
  [ "$os" = linux ] || return 0
  [ -e /proc/self/exe ] || fail "/proc is not mounted, must be"
  case "$cpu" in
    x64) loader=ld-linux-x86-64.so.2 ;;
    arm64) loader=ld-linux-aarch64.so.1 ;;
  esac
  find_library "$loader" ||
    fail "this system has no glibc ($loader), must have 2.27 or newer (Alpine: a folder of libraries beside musl, see scripts/containers/alpine.Dockerfile of the sources)"
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/[^0-9]*//') || :
  case "$glibc" in
    '' | 2.2[7-9]* | 2.[3-9]* | 2.[1-9][0-9][0-9]*) ;;
    2.*) fail "glibc is $glibc, must be 2.27 or newer" ;;
  esac
  find_library libgcc_s.so.1 ||
    fail "libgcc_s.so.1 is missing, must be there (Debian: apt-get install libgcc-s1, Fedora: dnf install libgcc, Alpine: apk add libgcc)"
}

find_library() {
  for folder in /lib64 /lib /usr/lib64 /usr/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}

# fetch NAME: from the release into $work.
fetch() {
  case "$from" in
    file://*) copy "${from#file://}/$1" ;;
    https://* | http://127.0.0.1[:/]* | http://localhost[:/]*) download "$from/$1" ;;
    *://*) fail "$from is not fetched safely, must begin with https://" 2 ;;
    *) copy "$from/$1" ;;
  esac
}

copy() {
  [ -f "$1" ] || fail "$1 does not exist, must be a file of the release"
  cp "$1" "$work/${1##*/}"
}

download() {
  if has curl; then
    curl -fsSL "$1" -o "$work/${1##*/}"
  elif has wget; then
    wget -q "$1" -O "$work/${1##*/}"
  else
    fail "neither curl nor wget is there, one must be"
  fi || fail "$1 could not be fetched"
}

sum_of() {
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 "$1" | sed 's/.* //'
  else
    fail "none of sha256sum, shasum and openssl is there, one must be"
  fi
}

install_rondo() {
  find_target
  check_linux
  [ -n "$from" ] || fail "this copy of the script belongs to no release, must be given --from URL|DIR" 2
  has tar || fail "tar is not there, must be"
  has gzip || fail "gzip is not there, must be"
  work=$(mktemp -d "${TMPDIR:-/tmp}/rondo-install.XXXXXX") || fail "no temporary folder could be made"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  fetch SHA256SUMS
  if [ -z "$version" ]; then
    version=$(sed -n "s/^[0-9a-f]*  rondo-\(.*\)-$target\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
  fi
  file="rondo-$version-$target.tar.gz"
  wanted=$(sed -n "s/^\([0-9a-f]*\)  $file\$/\1/p" "$work/SHA256SUMS")
  [ -n "$wanted" ] || fail "SHA256SUMS of $from does not name $file, must"
  fetch "$file"
  found=$(sum_of "$work/$file")
  [ "$found" = "$wanted" ] || fail "the sha256 of $file is $found, must be $wanted"
  gzip -dc "$work/$file" | tar -xf - -C "$work"

  # Beside the old file and then over it: a running rondo keeps its own, and nobody starts half of one.
  mkdir -p "$prefix/bin" "$prefix/share/man/man1" || fail "$prefix cannot be written to, must be writable (--prefix DIR)"
  cp "$work/rondo-$version/rondo" "$prefix/bin/.rondo.$$" || fail "$prefix/bin cannot be written to, must be writable (--prefix DIR)"
  chmod 755 "$prefix/bin/.rondo.$$"
  if ! "$prefix/bin/.rondo.$$" --version >"$work/version" 2>&1; then
    rm -f "$prefix/bin/.rondo.$$"
    cat "$work/version" >&2
    fail "the program does not start on this system"
  fi
  mv -f "$prefix/bin/.rondo.$$" "$prefix/bin/rondo"
  cp "$work/rondo-$version/rondo.1" "$prefix/share/man/man1/rondo.1"

  printf 'Installed %s in %s\n' "$(cat "$work/version")" "$prefix/bin/rondo"
  case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) printf 'Add it to your PATH: export PATH="%s/bin:$PATH"\n' "$prefix" ;;
  esac
  printf 'Remove it again: rm %s %s\n' "$prefix/bin/rondo" "$prefix/share/man/man1/rondo.1"
}

uninstall_rondo() {
  rm -f "$prefix/bin/rondo" "$prefix/share/man/man1/rondo.1"
  printf 'Removed rondo from %s; settings and sessions are still in %s\n' "$prefix" "${CODEX_HOME:-~/.codex}"
}

prefix=${HOME:+$HOME/.local}
from=$base_url
action=install_rondo
while [ $# -gt 0 ]; do
  case "$1" in
    --prefix | --from | --version)
      [ $# -ge 2 ] || fail "$1 has no value, must have one (see --help)" 2
      case "$1" in
        --prefix) prefix=$2 ;;
        --from) from=${2%/} ;;
        --version) version=$2 ;;
      esac
      shift 2
      ;;
    --uninstall)
      action=uninstall_rondo
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail "$1 means nothing here (see --help)" 2 ;;
  esac
done
[ -n "$prefix" ] || fail "HOME is not set, must be, or --prefix DIR given" 2
case "$prefix" in /*) ;; *) prefix=$PWD/$prefix ;; esac
$action
