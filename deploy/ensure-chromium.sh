#!/bin/sh
# Installs Chromium and a Chinese typeface through the system's package manager when there is none: the tests of the pages drive it.
set -eu

found() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		if command -v "$name" >/dev/null; then return 0; fi
	done
	[ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

if found; then exit 0; fi

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || { echo "no Chromium found, and no right to install it: ask for the package chromium" >&2; exit 1; }
	as_root=sudo
fi
echo "installing Chromium" >&2
if command -v apt-get >/dev/null; then
	$as_root apt-get update -q
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium fonts-wqy-microhei
elif command -v dnf >/dev/null; then
	$as_root dnf install -y chromium wqy-microhei-fonts
elif command -v brew >/dev/null; then
	brew install --cask google-chrome
else
	echo "no package manager known here: install Chromium" >&2
	exit 1
fi
found || { echo "Chromium was installed and cannot be found" >&2; exit 1; }
