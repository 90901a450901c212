# Checks an unzipped exhibit bundle on Windows (PowerShell 5.1 or newer, no modules, no administrator).
#
#     powershell -NoProfile -ExecutionPolicy Bypass -File VERIFY.ps1 [FOLDER [EARLIER.checkpoint ...]]
#
# FOLDER is the bundle's top folder; by default the one in which this file lies. The other files are
# checkpoints of the same locker that you were given earlier.
#
# Who signed it, and when it was there, is checked by what you were given by another way than the
# bundle: a list of allowed signers (ssh-keygen), the signer's name in it, and the root certificates
# of the time-stamp authority (PEM), for which openssl must be installed:
#
#     $env:SIGNERS='FILE'; $env:PRINCIPAL='owner@example.com'; $env:TSACA='FILE'
#
# Works where scripts run in Constrained Language mode. With Python 3.8 or newer also checks the log
# and the evidence (verify_exhibit.py beside this file). Nothing is written.
# Exit code: 0 all checks passed; 1 one failed; 2 none failed, but not all could be made.
#
# Whoever changes a bundle can change this file too: better take it from exhibit's releases.
# Unzip near the top of a drive (C:\x): 5.1 refuses paths of more than 259 characters.

param(
    [string] $Folder = $PSScriptRoot,
    [Parameter(ValueFromRemainingArguments = $true)] [string[]] $Earlier = @()
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$script:failed = 0
$script:skipped = 0
$tags = 'tagmanifest-sha256.txt'
$payload = 'manifest-sha256.txt'
# A line of a manifest: plain names, no part of which ends in a dot.
$line = '^([0-9a-f]{64})  ((?:[A-Za-z0-9._-]*[A-Za-z0-9_-]/)*[A-Za-z0-9._-]*[A-Za-z0-9_-])$'
$voucher = '^tagmanifest-sha256\.txt(\.[a-z0-9-]+)?\.(sig|tsr)$'

function Write-Result([string] $title, [string[]] $faults) {
    if ($faults.Count -eq 0) {
        Write-Output "PASS  $title"
        return
    }
    $script:failed += 1
    Write-Output "FAIL  $title"
    $faults | Select-Object -First 20 | ForEach-Object { Write-Output ('      ' + ($_ -replace '[^ -~]', '?')) }
    if ($faults.Count -gt 20) { Write-Output "      and $($faults.Count - 20) more" }
}

# The output of a program if it fails. cmd, not PowerShell, feeds it the file: pipes change the text.
function Get-Refusal([string] $command) {
    $ErrorActionPreference = 'Continue'
    $said = @(cmd /c "$command 2>&1")
    $ErrorActionPreference = 'Stop'
    if ($LASTEXITCODE -ne 0) { return @($said | ForEach-Object { "$_" }) + "exit code $LASTEXITCODE" }
}

# Every file's SHA-256 by its name below the folder. Links are not followed.
function Get-Tree([string] $path, [string] $base) {
    foreach ($item in @(Get-ChildItem -LiteralPath $path -Force)) {
        $name = $base + $item.Name
        if (@('Junction', 'SymbolicLink') -contains $item.LinkType) {
            $script:links += "$name is a link"
        } elseif ($item.PSIsContainer) {
            Get-Tree $item.FullName "$name/"
        } elseif ($script:files.ContainsKey($name)) {
            # The table does not tell a from A, as Windows does not.
            $script:links += "$name differs from another name in letter case only"
        } else {
            $script:files[$name] = (Get-FileHash -LiteralPath $item.FullName -Algorithm SHA256).Hash.ToLower()
        }
    }
}

# The keys of a table: its property Keys would be the entry of that name, if there is one.
function Get-Key($table) {
    $table.GetEnumerator() | ForEach-Object { $_.Key } | Sort-Object
}

# The lines of a manifest by the name in them; what is no line of a manifest is a fault.
function Get-Manifest([string] $list, [bool] $isPayload) {
    $listed = @{}
    foreach ($text in @(Get-Content -LiteralPath (Join-Path $Folder $list) -Encoding UTF8)) {
        if ($text -cmatch $line -and ($Matches[2] -clike 'data/*') -eq $isPayload -and -not $listed.ContainsKey($Matches[2])) {
            $listed[$Matches[2]] = $text
        } else {
            $script:lines += "no line of ${list}: $text"
        }
    }
    return $listed
}

try {
    $Folder = (Get-Item -LiteralPath $Folder -Force).FullName
    Write-Output "Checking $Folder"
    $script:files = @{}
    $script:links = @()
    $script:lines = @()
    Get-Tree $Folder ''
    Write-Result 'plain files and folders, no links' $script:links

    foreach ($list in @($tags, $payload)) {
        $script:lines = @()
        $faults = @()
        $isPayload = $list -eq $payload
        $listed = Get-Manifest $list $isPayload
        foreach ($name in @(Get-Key $listed)) {
            if (-not $script:files.ContainsKey($name)) { $faults += "$name is missing" }
        }
        foreach ($name in @(Get-Key $script:files)) {
            if (($name -clike 'data/*') -eq $isPayload -and $name -cne $tags -and $name -cnotmatch $voucher) {
                if (-not $listed.ContainsKey($name)) {
                    $faults += "$name was added"
                } elseif ($listed[$name] -cne "$($script:files[$name])  $name") {
                    $faults += "$name was changed"
                }
            }
        }
        Write-Result "${list}: no file changed, missing or added" @($script:lines + $faults)
    }

    # The log names the SHA-256 of every snapshot.json.
    $faults = @()
    $sealed = @{}
    foreach ($text in @(Get-Content -LiteralPath (Join-Path $Folder 'data/log/log.jsonl') -Encoding UTF8)) {
        if ($text -cmatch '"run":"([^"]+)".*"snapshot_json_sha256":"([0-9a-f]{64})".*"type":"snapshot"') {
            $sealed[$Matches[1]] = $Matches[2]
        }
    }
    $runs = @(Get-Key $script:files | Where-Object { $_ -clike 'data/evidence/*' } | ForEach-Object { ($_ -split '/')[2] } | Sort-Object -Unique)
    foreach ($run in $runs) {
        $name = "data/evidence/$run/snapshot.json"
        if (-not $sealed.ContainsKey($run) -or -not $script:files.ContainsKey($name) -or $script:files[$name] -cne $sealed[$run]) {
            $faults += "$name is not the one in the log"
        }
    }
    Write-Result "log: it names the $($runs.Count) snapshots in data/evidence" $faults

    $python = $null
    if ($script:failed -eq 0 -and (Test-Path -LiteralPath (Join-Path $PSScriptRoot 'verify_exhibit.py'))) {
        foreach ($name in @('py', 'python', 'python3')) {
            if (-not $python -and (Get-Command $name -CommandType Application -ErrorAction SilentlyContinue)) {
                # What the Windows Store puts in Python's place ends with another code.
                $ErrorActionPreference = 'Continue'
                & $name -I -c 'import sys; sys.exit(7 if sys.version_info >= (3, 8) else 1)' 2>$null | Out-Null
                if ($LASTEXITCODE -eq 7) { $python = $name }
                $ErrorActionPreference = 'Stop'
            }
        }
    }
    if ($python) {
        Write-Output 'Checking log, checkpoints and snapshots with verify_exhibit.py'
        $ErrorActionPreference = 'Continue'
        & $python -I (Join-Path $PSScriptRoot 'verify_exhibit.py') $Folder @Earlier
        if ($LASTEXITCODE -ne 0) { $script:failed += 1 }
        $ErrorActionPreference = 'Stop'
    } else {
        Write-Output 'SKIP  the chain of the log, checkpoints, exchanges and bodies: this needs verify_exhibit.py beside'
        Write-Output '      this file and Python 3.8 or newer; what lies in a changed bundle is not run'
        $script:skipped = 1
    }
    # Signatures and time stamps. What each is about is the same name without its ending.
    $sigs = @(Get-Key $script:files | Where-Object { $_ -cmatch '^(tagmanifest-sha256\.txt|data/log/checkpoints/[0-9]{9}\.checkpoint)\.sig$' })
    $tsrs = @(Get-Key $script:files | Where-Object { $_ -cmatch '^(tagmanifest-sha256\.txt|data/log/checkpoints/[0-9]{9}\.checkpoint)\.[a-z0-9-]+\.tsr$' })
    if ($env:SIGNERS) {
        $faults = @()
        if (-not $script:files.ContainsKey("$tags.sig")) { $faults += "the bundle is unsigned: there is no $tags.sig" }
        if (-not $env:PRINCIPAL) { $faults += 'PRINCIPAL is not set: who is to have signed?' }
        $entries = @(Get-Content -LiteralPath (Join-Path $Folder 'data/log/log.jsonl') -Encoding UTF8)
        foreach ($sig in $sigs) {
            $about = $sig -replace '\.sig$', ''
            $use = 'evidence-bundle@exhibit.v1'
            $when = ''
            if ($about -cmatch '/([0-9]{9})\.checkpoint$') {
                $use = 'evidence-checkpoint@exhibit.v1'
                if ($entries[[int] $Matches[1] - 1] -cmatch '^\{"at":"([^"]+)Z"') { $when = '-Overify-time=' + ($Matches[1] -replace '[-:T]', '') + 'Z' }
            }
            $refusal = @(Get-Refusal "ssh-keygen -Y verify -f ""$env:SIGNERS"" -I ""$env:PRINCIPAL"" -n $use -s ""$(Join-Path $Folder $sig)"" $when < ""$(Join-Path $Folder $about)""")
            if ($refusal.Count -gt 0) { $faults += @("${sig}:") + $refusal }
        }
        Write-Result "signatures: $($sigs.Count), each by an allowed signer" $faults
    } elseif ($sigs.Count -gt 0) {
        Write-Output 'SKIP  signatures: no list of allowed signers was given ($env:SIGNERS)'
        $script:skipped = 1
    }
    if ($env:TSACA) {
        $faults = @()
        if ($tsrs.Count -eq 0) { $faults += 'nothing is time-stamped' }
        foreach ($tsr in $tsrs) {
            $about = $tsr -replace '\.[a-z0-9-]+\.tsr$', ''
            $refusal = @(Get-Refusal "openssl ts -verify -data ""$(Join-Path $Folder $about)"" -in ""$(Join-Path $Folder $tsr)"" -CAfile ""$env:TSACA""")
            if ($refusal.Count -gt 0) { $faults += @("${tsr}:") + $refusal }
        }
        Write-Result "time stamps: $($tsrs.Count), each of a trusted authority" $faults
    } elseif ($tsrs.Count -gt 0) {
        Write-Output 'SKIP  time stamps: no certificates of an authority were given ($env:TSACA)'
        $script:skipped = 1
    }
    if ($script:skipped -gt 0 -and $script:files.ContainsKey($tags)) { Write-Output "NOTE  SHA-256 of $tags, to compare: $($script:files[$tags])" }
} catch {
    Write-Output ('FAIL  the check broke off: ' + ("$_" -replace '[^ -~]', '?'))
    exit 1
}

if ($script:failed -gt 0) {
    Write-Output 'FAIL  this bundle is not as it was made'
    exit 1
}
if ($script:skipped -gt 0) {
    Write-Output 'PASS  all files are as listed; the checks marked SKIP were not made'
    exit 2
}
Write-Output 'PASS  all checks passed'
exit 0
