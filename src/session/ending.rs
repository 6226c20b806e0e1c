//! How a command that worked towards a goal tells its end: the document or the report on stdout, what
//! keeps it and the command that goes on on stderr.

use super::{Result, Run, report};
use crate::converge::drive::{Driven, End};
use crate::exit::Exit;
use crate::output::Output;
use crate::render::formats::{Chosen, WritePlan};
use crate::render::model::Looked;
use crate::render::plan::PlanReport;
use crate::render::plan::ending::{Ended, Ending};
use crate::render::progress;

/// How everything stands at the end of a goal, for what is not known of it here.
pub(crate) fn of<A>(driven: &Driven<A>, run: Run<'_>) -> Ending {
    let (word, advice) = match &driven.end {
        End::Done => (Ended::Done, None),
        End::Refused => (Ended::Refused, None),
        End::Hopeless(advice) => (Ended::Hopeless, Some(advice.clone())),
        End::Stopped => (Ended::Stopped, None),
        End::TimedOut => (Ended::TimedOut, None),
    };
    Ending {
        word,
        advice,
        address: None,
        domains: Vec::new(),
        managed: None,
        waiting: None,
        under_way: driven.under_way.clone(),
        again: run.again().filter(|_| word == Ended::TimedOut),
    }
}

/// Tells what was done and how it ended, and says which exit code follows.
pub(crate) fn tell<A>(
    command: &str,
    driven: &Driven<A>,
    ending: &Ending,
    format: Chosen<WritePlan>,
    (looked, run, output): (&Looked, Run<'_>, &mut Output),
) -> Result<Exit> {
    let planned = PlanReport { looked: Some(looked), ..PlanReport::of(command, &driven.plan) };
    let told = PlanReport { outcomes: Some(&driven.outcomes), ending: Some(ending), ..planned };
    let exit = report::plan(&told, format, output)?;
    Ok(end(ending, exit, run, output))
}

/// Says on stderr why a goal was not reached.
pub(crate) fn end(ending: &Ending, exit: Exit, run: Run<'_>, output: &mut Output) -> Exit {
    match ending.word {
        Ended::TimedOut => timed_out(ending, run, output),
        Ended::Hopeless if exit == Exit::Done => {
            if let Some(advice) = &ending.advice {
                output.say(&format!("error: {}", advice.message));
                output.say(&progress::remedy(&advice.remedy));
            }
            return Exit::Failed;
        }
        Ended::Done | Ended::Refused | Ended::Hopeless | Ended::Stopped => return exit,
    }
    Exit::TimedOut
}

/// The last standing, its cause, what may have been made, and the command that goes on.
fn timed_out(ending: &Ending, run: Run<'_>, output: &mut Output) {
    let limit = run.global.timeout.map(time::Duration::unsigned_abs).unwrap_or_default();
    let waiting = ending.waiting.as_deref().unwrap_or("the API server");
    output.say(&format!("error: timed out after {limit:?} (--timeout), waiting: {waiting}"));
    if let Some(advice) = &ending.advice {
        output.say(&format!("  cause: {}", advice.message));
        output.say(&progress::remedy(&advice.remedy));
    }
    if let Some((last, done)) = ending.under_way.split_last() {
        for step in done {
            output.say(&format!("done: {} {}", step.action(), step.object()));
        }
        let (action, object) = (last.action(), last.object());
        output.say(&format!("under way, perhaps carried out: {action} {object}"));
    }
    if let Some(again) = &ending.again {
        output.say("to continue:");
        output.say(&format!("  {again}"));
    }
}
