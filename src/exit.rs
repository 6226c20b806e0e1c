//! Exit codes: the part of the interface that scripts read.

use crate::audit::Report;
use crate::audit::finding::Severity;
use crate::plan::step::Plan;
use std::process::{ExitCode, Termination};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, nothing at or above `--fail-on`.
    Done,
    /// 1: findings at or above `--fail-on`.
    Findings,
    /// 2: the command line is wrong.
    Usage,
    /// 3: something could not be read, and nothing else is wrong.
    Incomplete,
    /// 4: it could not be done.
    Failed,
    /// 124: the time allowed is over.
    TimedOut,
    /// 130: interrupted.
    Interrupted,
    /// The answer to a question was no; it reads as an interruption does.
    Cancelled,
}

/// `--fail-on`: from which severity on findings make the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Findings of this severity or worse.
    AtLeast(Severity),
    /// No finding does.
    Never,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Failed => 4,
            Self::TimedOut => 124,
            Self::Interrupted | Self::Cancelled => 130,
        }
    }

    /// The exit of an audit: findings win over incompleteness.
    #[must_use]
    pub fn of_report(report: &Report, fail_on: FailOn) -> Self {
        let fails = match (fail_on, report.worst()) {
            (FailOn::AtLeast(least), Some(worst)) => worst >= least,
            (FailOn::Never, _) | (_, None) => false,
        };
        match (fails, report.complete) {
            (true, _) => Self::Findings,
            (false, false) => Self::Incomplete,
            (false, true) => Self::Done,
        }
    }

    /// The exit of a plan that was carried out or only shown, and whether a step of it `failed`.
    #[must_use]
    pub fn of_plan(plan: &Plan, failed: bool, complete: bool) -> Self {
        if failed || !plan.refused.is_empty() {
            return Self::Failed;
        }
        if complete && plan.over_max == 0 { Self::Done } else { Self::Incomplete }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_documented_ones() {
        let all = [
            Exit::Done,
            Exit::Findings,
            Exit::Usage,
            Exit::Incomplete,
            Exit::Failed,
            Exit::TimedOut,
            Exit::Interrupted,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 4, 124, 130]);
    }
}
