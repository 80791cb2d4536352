#!/bin/sh
# Installs Debian's Chromium for the tests of the sandbox's page, where that can be done without asking: as root, with
# apt. Anywhere else nothing happens, and the tests use what they find or say that they were left out.
set -eu
for name in "${EASEL_CHROMIUM:-}" /usr/bin/chromium /usr/bin/google-chrome; do
    if [ -n "$name" ] && [ -x "$name" ]; then
        exit 0
    fi
done
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi
echo "installing Chromium for the tests of the sandbox's page"
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null || true
