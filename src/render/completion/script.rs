//! The scripts by which shells ask for candidates: each hands over the words of the line up to the
//! cursor, and does what the answer says.
//!
//! Knows which program is asked. Refuses to know what it answers.

/// The shells that there is a script for, and kubectl, which asks a program of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash, from 3.2 on, with the package bash-completion or without.
    Bash,
    /// Elvish.
    Elvish,
    /// Fish.
    Fish,
    /// PowerShell.
    PowerShell,
    /// The Z shell.
    Zsh,
    /// kubectl, from 1.26 on.
    Kubectl,
}

/// The script of a shell. `program` is how the program is called, which may be two words.
#[must_use]
pub fn script(shell: Shell, program: &str) -> String {
    let text = match shell {
        Shell::Bash => include_str!("certwright.bash"),
        Shell::Elvish => include_str!("certwright.elv"),
        Shell::Fish => include_str!("certwright.fish"),
        Shell::PowerShell => include_str!("certwright.ps1"),
        Shell::Zsh => include_str!("certwright.zsh"),
        Shell::Kubectl => return include_str!("kubectl_complete").replace("PROGRAM", program),
    };
    text.to_owned()
}
