#!/bin/sh
# Checks an unzipped exhibit bundle on Linux and macOS.
#
#     sh VERIFY.sh [FOLDER [EARLIER.checkpoint ...]]
#
# FOLDER is the bundle's top folder; by default the one in which this file lies. The other files are
# checkpoints of the same locker that you were given earlier.
#
# Who signed it, and when it was there, is checked by what you were given by another way than the
# bundle: a list of allowed signers (ssh-keygen(1)), the signer's name in it (otherwise any of the
# list), and the root certificates of the time-stamp authority (PEM).
#
#     SIGNERS=FILE PRINCIPAL=owner@example.com TSACA=FILE sh VERIFY.sh
#
# Needs sha256sum or shasum; for the above ssh-keygen (OpenSSH 8.9 or newer) and openssl; with Python 3.8 or newer also checks the log and the evidence
# (verify_exhibit.py beside this file). Nothing is written but files in a temporary folder.
# Exit code: 0 all checks passed; 1 one failed; 2 none failed, but not all could be made.
#
# Whoever changes a bundle can change this file too: better take it from exhibit's releases.

set -u
unset CDPATH
LC_ALL=C
export LC_ALL

for tool in cut diff find grep head mktemp sed sort tail tr uniq xargs; do
    command -v $tool >/dev/null 2>&1 || { echo "FAIL  $tool is not installed"; exit 1; }
done

here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 1
folder=$here
if [ $# -gt 0 ]; then
    folder=$(cd -- "$1" && pwd) || exit 1
    shift
fi
tmp=$(mktemp -d "${TMPDIR:-/tmp}/exhibit.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
skipped=0
TAGS=tagmanifest-sha256.txt
# A line of a manifest: plain names, no part of which ends in a dot.
LINE='^[0-9a-f]{64}  ([A-Za-z0-9._-]*[A-Za-z0-9_-]/)*[A-Za-z0-9._-]*[A-Za-z0-9_-]$'

# result TITLE FILE: passed if the file, a list of faults, is empty.
result() {
    if [ -s "$2" ]; then
        echo "FAIL  $1"
        # Names may hold anything, so nothing but plain text is shown.
        head -n 20 "$2" | tr -c '[:print:]\n' '?' | sed 's/^/      /'
        failed=$((failed + 1))
    else
        echo "PASS  $1"
    fi
}

# compare TITLE EXPECTED FOUND LESS MORE: passed if the files are the same; LESS and MORE name what is not.
compare() {
    diff "$2" "$3" >"$tmp/diff" 2>&1
    case $? in
    0) : >"$tmp/faults" ;;
    1) sed -n "s/^< /$4: /p; s/^> /$5: /p" "$tmp/diff" >"$tmp/faults" ;;
    *) cp "$tmp/diff" "$tmp/faults" ;;
    esac
    result "$1" "$tmp/faults"
}

in_folder() {
    (cd -- "$folder" && "$@") 2>&1
}

# Relative names, without ./ before them.
files() {
    in_folder find . -type f | sed 's,^\./,,' | sort
}

# hashes MANIFEST: its lines as they should be, made from the files that it names.
hashes() {
    sed 's/^[0-9a-f]*  /.\//' "$folder/$1" >"$tmp/names"
    in_folder xargs $sum <"$tmp/names" | sed 's,^\([0-9a-f]*\)  \./,\1  ,'
}

if command -v sha256sum >/dev/null 2>&1; then
    sum=sha256sum
elif command -v shasum >/dev/null 2>&1; then
    sum='shasum -a 256'
else
    echo 'FAIL  neither sha256sum nor shasum is installed'
    exit 1
fi

echo "Checking $folder" | tr -c '[:print:]\n' '?'

in_folder find . ! -type f ! -type d >"$tmp/faults"
in_folder find . -name '*[!A-Za-z0-9._-]*' >>"$tmp/faults"
result 'plain files and folders, no links' "$tmp/faults"

{
    for list in manifest-sha256.txt $TAGS; do
        [ -s "$folder/$list" ] || echo "$list is missing or empty"
        [ -z "$(tail -c 1 "$folder/$list" 2>/dev/null)" ] || echo "the last line of $list is cut"
        in_folder grep -Ev "$LINE" "$list"
        in_folder cut -c 67- "$list" | sort | uniq -d
    done
    in_folder grep -v '^[0-9a-f]*  data/' manifest-sha256.txt
    in_folder grep '^[0-9a-f]*  data/' $TAGS
} >"$tmp/faults"
result 'manifests: plain names, each once' "$tmp/faults"
if [ $failed -gt 0 ]; then
    # Names such as ../x would make the next checks read other files.
    echo "FAIL  nothing more was checked"
    exit 1
fi

# Signatures and time stamps of the tagmanifest stand in no manifest: they are made last.
{
    in_folder cut -c 67- manifest-sha256.txt
    in_folder cut -c 67- $TAGS
    echo $TAGS
    files | grep -E '^tagmanifest-sha256\.txt(\.[a-z0-9-]+)?\.(sig|tsr)$'
} | sort >"$tmp/listed"
files >"$tmp/found"
compare 'whole folder: no file added or missing' "$tmp/listed" "$tmp/found" missing added

for list in $TAGS manifest-sha256.txt; do
    hashes $list >"$tmp/found"
    compare "$list: every file has its SHA-256" "$folder/$list" "$tmp/found" 'should be' 'is'
done

if [ ! -f "$here/verify_exhibit.py" ]; then
    echo 'SKIP  log, checkpoints, snapshots: verify_exhibit.py is not beside this file'
    skipped=1
elif [ $failed -gt 0 ] && [ "$here" = "$folder" ]; then
    # What lies in a changed bundle is not run.
    echo 'SKIP  log, checkpoints, snapshots: not looked at, because files were changed'
    skipped=1
elif ! python3 -I -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1; then
    echo 'SKIP  log, checkpoints, snapshots: Python 3.8 or newer is not installed'
    skipped=1
else
    echo 'Checking log, checkpoints and snapshots with verify_exhibit.py'
    python3 -I "$here/verify_exhibit.py" "$folder" "$@" || failed=$((failed + 1))
fi

# Signatures and time stamps. What each is about is the same name without its ending.
TZ=UTC
export TZ
checkpoints=data/log/checkpoints
# moment NUMBER: when entry NUMBER of the log was written, as ssh-keygen reads it.
moment() {
    sed -n "$(echo "$1" | sed 's/^0*//')p" "$folder/data/log/log.jsonl" | sed 's/^{"at":"\([^"]*\)".*/\1/' | tr -d ':TZ-'
}
# signed FILE NAMESPACE [TIME]: FILE.sig is a signature over FILE by an allowed signer.
signed() {
    who=${PRINCIPAL:-$(ssh-keygen -Y find-principals -f "$SIGNERS" -s "$folder/$1.sig" 2>/dev/null | head -n 1)}
    ssh-keygen -Y verify -f "$SIGNERS" -I "${who:-nobody}" -n "$2" -s "$folder/$1.sig" ${3:+-Overify-time=$3} <"$folder/$1" >"$tmp/said" 2>&1 ||
        { echo "$1.sig:"; cat "$tmp/said"; }
}
sigs=$(files | grep -E "^($TAGS|$checkpoints/[0-9]{9}\.checkpoint)\.sig$")
tsrs=$(files | grep -E "^($TAGS|$checkpoints/[0-9]{9}\.checkpoint)\.[a-z0-9-]+\.tsr$")
if [ -n "${SIGNERS:-}" ]; then
    {
        [ -f "$folder/$TAGS.sig" ] || echo "the bundle is unsigned: there is no $TAGS.sig"
        command -v ssh-keygen >/dev/null 2>&1 || echo 'ssh-keygen is not installed'
        for sig in $sigs; do
            case $sig in
            $TAGS.sig) signed $TAGS evidence-bundle@exhibit.v1 ;;
            *)
                about=${sig%.sig}
                number=${about%.checkpoint}
                signed "$about" evidence-checkpoint@exhibit.v1 "$(moment "${number##*/}")"
                ;;
            esac
        done
    } >"$tmp/faults" 2>&1
    result "signatures: $(echo "$sigs" | grep -c .), each by an allowed signer" "$tmp/faults"
elif [ -n "$sigs" ]; then
    echo 'SKIP  signatures: no list of allowed signers was given (SIGNERS=FILE)'
    skipped=1
fi
if [ -n "${TSACA:-}" ]; then
    {
        [ -n "$tsrs" ] || echo 'nothing is time-stamped'
        command -v openssl >/dev/null 2>&1 || echo 'openssl is not installed'
        for tsr in $tsrs; do
            about=${tsr%.*.tsr}
            openssl ts -verify -data "$folder/$about" -in "$folder/$tsr" -CAfile "$TSACA" >"$tmp/said" 2>&1 ||
                { echo "$tsr:"; grep -v '^Using' "$tmp/said"; }
        done
    } >"$tmp/faults" 2>&1
    result "time stamps: $(echo "$tsrs" | grep -c .), each of a trusted authority" "$tmp/faults"
elif [ -n "$tsrs" ]; then
    echo 'SKIP  time stamps: no certificates of an authority were given (TSACA=FILE)'
    skipped=1
fi

if [ $skipped -gt 0 ]; then
    echo "NOTE  SHA-256 of $TAGS, to compare: $(in_folder $sum $TAGS | cut -c 1-64)"
fi
if [ $failed -gt 0 ]; then
    echo 'FAIL  this bundle is not as it was made'
    exit 1
elif [ $skipped -gt 0 ]; then
    echo 'PASS  all files are as listed; the checks marked SKIP were not made'
    exit 2
fi
echo 'PASS  all checks passed'
