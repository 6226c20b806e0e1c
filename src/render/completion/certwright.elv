# Completion of certwright for Elvish.

fn certwright-complete {|@words|
  use str
  var program = $words[0]
  if (not (has-external $program)) { set program = certwright }
  var answer = []
  try {
    set answer = [((external $program) __complete (all $words[1..]) 2>/dev/null </dev/null | from-lines)]
  } catch e { }
  var directive = 4
  for line $answer {
    if (str:has-prefix $line :) {
      set directive = (num $line[1..])
    } else {
      var parts = [(str:split &max=2 "\t" $line)]
      var space = ' '
      if (or (str:has-suffix $parts[0] /) (str:has-suffix $parts[0] =)) { set space = '' }
      edit:complex-candidate $parts[0] &code-suffix=$space
    }
  }
  if (has-value [0 2 16 18] $directive) { edit:complete-filename $@words }
}

set edit:completion:arg-completer[certwright] = $certwright-complete~
set edit:completion:arg-completer[kubectl-certwright] = $certwright-complete~
