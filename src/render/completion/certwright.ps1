# Completion of certwright for PowerShell.

Register-ArgumentCompleter -Native -CommandName 'certwright', 'kubectl-certwright' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $typed = @()
    $current = ''
    foreach ($element in $commandAst.CommandElements) {
        $from = $element.Extent.StartOffset
        if ($from -ge $cursorPosition) { break }
        $text = $element.Extent.Text
        if ($element.Extent.EndOffset -ge $cursorPosition) {
            $current = $text.Substring(0, $cursorPosition - $from).Trim("'", '"')
        } else {
            $typed += $text.Trim("'", '"')
        }
    }
    if ($typed.Count -eq 0) { return }
    $program = $typed[0]
    if (-not (Get-Command -Name $program -CommandType Application -ErrorAction SilentlyContinue)) {
        $program = 'certwright'
    }
    $before = @($typed | Select-Object -Skip 1)
    # PowerShell up to 7.2 drops an argument that is empty.
    if ($current -eq '' -and ($PSVersionTable.PSVersion -lt [version]'7.3.0' -or
            $PSNativeCommandArgumentPassing -eq 'Legacy')) {
        $current = '""'
    }
    $answer = @(& $program __complete @before $current 2>$null)

    $directive = 4
    foreach ($line in $answer) {
        if ($line -match '^:(\d+)$') { $directive = [int]$Matches[1] }
    }
    foreach ($line in $answer) {
        if ($line -eq '' -or $line -match '^:\d+$') { continue }
        $word, $about = $line -split "`t", 2
        if (-not $about) { $about = $word }
        $inserted = $word
        if ($word -match '[^A-Za-z0-9_./:=+%-]') { $inserted = "'" + ($word -replace "'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($inserted, $word, 'ParameterValue', $about)
    }
    if (($directive -band 4) -eq 0) {
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
    }
}
