# Completion of certwright for fish.

function __certwright_complete
    set -l typed (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor | string collect)
    set -l program certwright
    command --query -- $typed[1]; and set program $typed[1]
    set -l answer (command $program __complete $typed[2..-1] "$current" 2>/dev/null </dev/null)
    set -l directive 4
    for line in $answer
        if string match --quiet --regex '^:[0-9]+$' -- $line
            set directive (string sub --start 2 -- $line)
        else
            echo $line
        end
    end
    # Behind a flag the path begins: --out=PATH, -fPATH.
    set -l path (string replace --regex '^(--[^=]*=|-[a-zA-Z])' '' -- $current)
    set -l flag (string match --regex '^(?:--[^=]*=|-[a-zA-Z])' -- $current)
    if test (math "floor($directive / 16) % 2") -eq 1
        string replace --regex '^' -- "$flag" (__fish_complete_directories "$path" folder)
    else if test (math "floor($directive / 4) % 2") -eq 0
        string replace --regex '^' -- "$flag" (__fish_complete_path "$path")
    end
end

complete --erase --command certwright
complete --command certwright --no-files --keep-order --arguments '(__certwright_complete)'
complete --erase --command kubectl-certwright
complete --command kubectl-certwright --no-files --keep-order --arguments '(__certwright_complete)'
