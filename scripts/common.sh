# SPDX-License-Identifier: Apache-2.0
# Read by the other scripts with `.`: messages, and the folders that they share.

say()
{
    printf '%s\n' "$*" >&2
}

die()
{
    say "$@"
    exit 1
}

# Processor cores that may be used.
n_cores()
{
    nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# Where models and the sample picture are kept, as `mien models` does.
data_folder()
{
    if [ -n "${XDG_DATA_HOME-}" ]; then
        echo "$XDG_DATA_HOME/mien"
    else
        echo "${HOME:?is not set: where should models and pictures be kept?}/.local/share/mien"
    fi
}

# has_sha256 FILE HASH: whether the file exists and is the one that is meant.
has_sha256()
{
    [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}
