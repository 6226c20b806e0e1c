//! Interactive shells that complete a line, each with certwright in PATH and its script loaded.
//!
//! Knows how a shell is started so that a test can see what became of a line. Refuses to know what is
//! to become of it.

use super::binary::BINARY;
use super::witness;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What bash-completion installs.
const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// Answers ^X^P with what stands on the line, shows every candidate at the first Tab, and says READY.
const BASH: &str = r#"
PS1='$ '
bind 'set enable-bracketed-paste off'
bind 'set show-all-if-ambiguous on'
bind 'set page-completions off'
bind 'set bell-style none'
__show() { printf 'LINE<%s>END' "$READLINE_LINE"; }
bind -x '"\C-x\C-p": __show'
source <(certwright completion bash)
printf 'REA%s\n' DY
"#;

const ZSH: &str = r#"
PS1='$ '
unsetopt beep
unset zle_bracketed_paste
autoload -Uz compinit
compinit -u -d "$ZDOTDIR/dump"
source <(certwright completion zsh)
__show() { print -rn -- "LINE<$BUFFER>END" }
zle -N __show
bindkey -e
bindkey '^X^P' __show
printf 'REA%s\n' DY
"#;

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// Bash alone.
    Bash,
    /// Bash with the package bash-completion.
    BashWithPackage,
    /// Zsh with its completion system.
    Zsh,
}

/// A folder with certwright under each of its names, and in which shells run.
pub struct Shells {
    folder: TempDir,
    kubeconfig: PathBuf,
}

impl Shells {
    /// With this kubeconfig in the environment.
    pub fn new(kubeconfig: &Path) -> Self {
        let folder = TempDir::new().expect("a temp folder can be made");
        fs::create_dir(folder.path().join("bin")).expect("a folder can be made");
        for name in ["certwright", "kubectl-certwright", "kubectl_complete-certwright"] {
            symlink(BINARY, folder.path().join("bin").join(name)).expect("a link can be made");
        }
        Self { folder, kubeconfig: kubeconfig.to_owned() }
    }

    /// The folder that they run in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A program in this environment.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", format!("{}:{path}", self.folder().join("bin").display()))
            .env("HOME", self.folder())
            .env("ZDOTDIR", self.folder())
            .env("TERM", "dumb")
            .env("KUBECONFIG", &self.kubeconfig)
            .current_dir(self.folder());
        command
    }

    /// What becomes of each line, in which `\t` is Tab, and what the terminal showed; nothing, loudly,
    /// where the shell is not there.
    pub fn typed(&self, test: &str, shell: Shell, lines: &[&str]) -> Option<Vec<(String, String)>> {
        let program = if shell == Shell::Zsh { "zsh" } else { "bash" };
        let is_there = witness::succeeds(Command::new(program).args(["-c", "true"]))
            && (shell != Shell::BashWithPackage || Path::new(BASH_COMPLETION).exists());
        if !is_there || !witness::succeeds(Command::new("python3").args(["-c", "import pty"])) {
            witness::skip(test, &format!("needs {shell:?} and python3"));
            return None;
        }
        let tab = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terminal/tab.py");
        let mut python = self.command("python3");
        python.arg("-B").arg(tab).args(self.started(shell)).arg("--").args(lines);
        let ran = python.output().expect("python3 starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{shell:?}: {said}");
        let text = String::from_utf8(ran.stdout).expect("JSON is UTF-8");
        let field = |told: &Value, name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let of_line = |line: &str| {
            let told: Value = serde_json::from_str(line).expect("JSON");
            (field(&told, "line"), field(&told, "shown"))
        };
        Some(text.lines().map(of_line).collect())
    }

    /// The command line of the shell, whose settings are written.
    fn started(&self, shell: Shell) -> Vec<String> {
        let package = format!("source {BASH_COMPLETION}\n");
        let (file, settings) = match shell {
            Shell::Bash => ("bashrc", BASH.to_owned()),
            Shell::BashWithPackage => ("bashrc", package + BASH),
            Shell::Zsh => (".zshrc", ZSH.to_owned()),
        };
        let file = self.folder().join(file);
        fs::write(&file, settings).expect("a file can be written");
        let words = match shell {
            Shell::Bash | Shell::BashWithPackage => {
                vec!["bash", "--noprofile", "--rcfile", file.to_str().expect("it is text"), "-i"]
            }
            Shell::Zsh => vec!["zsh", "-d", "-i"],
        };
        words.into_iter().map(str::to_owned).collect()
    }
}
