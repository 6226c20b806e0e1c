#compdef certwright kubectl-certwright
# Completion of certwright for zsh: as a file _certwright in a folder of $fpath, or sourced behind
# compinit.

_certwright() {
  local program=${(Q)words[1]} line word about
  program=${~program}
  (( $+commands[$program] )) || [[ -x $program ]] || program=certwright
  local -a typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
  local -a answer=("${(@f)$($program __complete "${typed[@]}" 2>/dev/null </dev/null)}")
  local -i directive=4
  local -a offered=() space=()
  for line in "${answer[@]}"; do
    if [[ $line == :<-> ]]; then
      directive=${line#:}
    elif [[ -n $line ]]; then
      word=${${line%%$'\t'*}//:/\\:}
      about=
      [[ $line != *$'\t'* ]] || about=":${line#*$'\t'}"
      offered+=("$word$about")
    fi
  done
  (( directive & 2 )) && space=(-S '')
  local -i found=1
  (( $#offered )) && _describe -V 'certwright' offered "${space[@]}" && found=0
  if (( (directive & 4) == 0 )); then
    # Behind a flag the path begins: --out=PATH, -fPATH.
    compset -P 1 '--[^=]#=' || compset -P '-[a-zA-Z]'
    if (( directive & 16 )); then
      _files -/ && found=0
    else
      _files && found=0
    fi
  fi
  return found
}

if [[ $funcstack[1] == _certwright ]]; then
  _certwright "$@"
else
  compdef _certwright certwright kubectl-certwright
fi
