# Completion of certwright for bash 3.2 and later; needs no other package.

# The words up to the cursor in `words`, of which the last is being typed. Bash cuts words at =, :
# and @ too: what no blank parts is one word.
__certwright_words() {
  local line=${COMP_LINE:0:COMP_POINT} rest word index
  words=()
  for ((index = 0; index <= COMP_CWORD; index++)); do
    rest=${line#"${line%%[![:blank:]]*}"}
    word=${COMP_WORDS[index]}
    ((index < COMP_CWORD)) || word=$rest
    if ((index)) && [[ $rest == "$line" ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    line=${rest#"$word"}
  done
}

# What of the word at the cursor readline takes for another word, and so leaves as it is, in `kept`;
# the quote that is open in it in `quote`.
__certwright_kept() {
  local current=$1 breaks= at
  kept= quote=
  if [[ $current == *[\"\']* ]]; then
    kept=${current%%[\"\']*}
    quote=${current:${#kept}:1}
    [[ ${current#"$kept$quote"} != *[\"\']* ]] || quote=closed
    return
  fi
  for at in = : @; do
    [[ $COMP_WORDBREAKS != *"$at"* ]] || breaks+=$at
  done
  [[ -z $breaks ]] || kept=${current%"${current##*[$breaks]}"}
  kept=${kept%@} # the one character that begins a word, and does not end one
}

# The word as it is to be typed, in `value`.
__certwright_quoted() {
  case $quote in
  \") value=${value//\\/\\\\} value=${value//\"/\\\"} value=${value//\$/\\\$} value=${value//\`/\\\`} ;;
  \') value=${value//\'/\'\\\'\'} ;;
  *) [[ $value != *[!A-Za-z0-9_./:=@,+%-]* ]] || printf -v value %q "$value" ;;
  esac
}

__certwright() {
  local words=() program answer line directive=4 kept quote value at
  COMPREPLY=()
  __certwright_words
  __certwright_kept "${words[${#words[@]} - 1]}"
  [[ $quote != closed ]] || return 0
  for at in "${!words[@]}"; do
    words[at]=${words[at]//[\"\'\\]/}
  done
  program=${words[0]/#\~/$HOME}
  type -P -- "$program" >/dev/null || program=certwright
  answer=$("$program" __complete "${words[@]:1}" 2>/dev/null </dev/null)

  while IFS= read -r line; do
    if [[ $line == :[0-9]* ]]; then
      directive=${line#:}
    elif [[ -n $line ]]; then
      value=${line%%$'\t'*}
      value=${value#"$kept"}
      __certwright_quoted
      COMPREPLY+=("$value")
    fi
  done <<<"$answer"

  type compopt >/dev/null 2>&1 || return 0
  ((directive & 2)) && compopt -o nospace
  if ((directive & 16)); then
    compopt +o default -o dirnames
  elif ((directive & 4)); then
    compopt +o default
  fi
  return 0
}

if ((BASH_VERSINFO[0] > 4 || BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4)); then
  complete -o default -o nosort -F __certwright certwright kubectl-certwright
else
  complete -o default -F __certwright certwright kubectl-certwright
fi
