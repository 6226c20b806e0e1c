//! How far a rotation is that overlaps trust: as text, and as other programs read it.

use super::json::{WireSummary, summary_of};
use crate::audit::finding::Severity;
use crate::instant;
use crate::plan::trust::bundle::told;
use crate::plan::trust::staged::shown;
use crate::plan::trust::{HandsOut, Need, Progress, Stands, advice};
use crate::render::harmless;
use crate::render::layout::{headline, name, sentence, style, write_remedy};
use crate::render::page::Page;
use crate::render::wire::WireRef;
use serde::Serialize;
use std::io;

/// Writes how far it is, for people.
pub(super) fn write(progress: &Progress, out: &mut Page<'_>) -> io::Result<()> {
    let about = format!("{}: {}", name(&progress.secret, true), stands(progress));
    headline((style(Severity::Info), "trust"), harmless::line(&about).as_ref(), out)?;
    let mut line =
        |text: String| sentence("           ", "         ", harmless::line(&text).as_ref(), out);
    if let Some(old) = &progress.old {
        line(format!("old: {}", told(old)))?;
    }
    if let Some(new) = &progress.new {
        line(format!("new: {}", told(new)))?;
    }
    for one in &progress.trust {
        line(format!("{}: {}", shown(&one.object), hands_out(one)))?;
    }
    for need in &progress.needs {
        line(format!("still needed: {}", need.what))?;
    }
    let mut printed: Vec<String> = Vec::new();
    for remedy in progress.needs.iter().filter_map(|need| need.remedy.as_ref()) {
        let text = remedy.to_string();
        if !printed.contains(&text) && printed.len() < MOST_REMEDIES {
            write_remedy(remedy, out)?;
            printed.push(text);
        }
    }
    if progress.needs.iter().all(|need| need.passes)
        && let Some(advice) = advice(progress)
    {
        sentence("           ", "         ", harmless::line(&advice.message).as_ref(), out)?;
        write_remedy(&advice.remedy, out)?;
    }
    Ok(())
}

/// What is said of it, a line each, for a list: where it stands, both certificates, the bundles, and what the old
/// one is needed for.
pub(super) fn lines(progress: &Progress) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", progress.secret.apart(), stands(progress))];
    lines.extend(progress.old.iter().map(|old| format!("old: {}", told(old))));
    lines.extend(progress.new.iter().map(|new| format!("new: {}", told(new))));
    let bundles = progress.trust.iter();
    lines.extend(bundles.map(|one| format!("{}: {}", shown(&one.object), hands_out(one))));
    for need in &progress.needs {
        let remedy = need.remedy.as_ref().map_or_else(String::new, |it| format!(" → {it}"));
        lines.push(format!("still needed: {}{remedy}", need.what));
    }
    lines
}

/// How many commands are printed below one Secret.
const MOST_REMEDIES: usize = 20;

fn stands(progress: &Progress) -> String {
    let at = |instant: Option<time::OffsetDateTime>| {
        instant.map_or_else(|| "then".to_owned(), instant::show)
    };
    match progress.stands {
        Stands::NotBegun => "not begun".to_owned(),
        Stands::Publishing => "1 of 4, publish: the new one goes beside the old one".to_owned(),
        Stands::Soaking => format!(
            "2 of 4, soak: published since {}, served from {} on",
            at(progress.published_at),
            at(progress.switches_at)
        ),
        Stands::Switching => "3 of 4, switch: the new one goes into the Secret".to_owned(),
        Stands::Retiring => format!(
            "4 of 4, retire: served since {}; the old one stays trusted until nothing needs it",
            at(progress.switched_at)
        ),
        Stands::Done => {
            "done: the new one is served, and the old one is no longer trusted".to_owned()
        }
    }
}

const fn hands_out(one: &HandsOut) -> &'static str {
    match (one.old, one.new) {
        (true, true) => "old and new",
        (true, false) => "old",
        (false, true) => "new",
        (false, false) => "neither",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireTrust<'a> {
    #[serde(rename = "ref")]
    secret: WireRef<'a>,
    stage: &'static str,
    authority: bool,
    old: Option<WireSummary>,
    new: Option<WireSummary>,
    published_at: Option<String>,
    switches_at: Option<String>,
    switched_at: Option<String>,
    hands_out: Vec<WireHandsOut<'a>>,
    needs: Vec<WireNeed<'a>>,
}

#[derive(Serialize)]
struct WireHandsOut<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    old: bool,
    new: bool,
}

#[derive(Serialize)]
struct WireNeed<'a> {
    message: &'a str,
    remedy: Option<String>,
    passes: bool,
}

impl<'a> WireTrust<'a> {
    pub(super) fn of(progress: &'a Progress) -> Self {
        let hands_out = |one: &'a HandsOut| WireHandsOut {
            object: WireRef::of(&one.object),
            old: one.old,
            new: one.new,
        };
        let need = |need: &'a Need| WireNeed {
            message: &need.what,
            remedy: need.remedy.as_ref().map(ToString::to_string),
            passes: need.passes,
        };
        Self {
            secret: WireRef::of(&progress.secret),
            stage: progress.stands.as_str(),
            authority: progress.is_authority,
            old: progress.old.as_deref().map(summary_of),
            new: progress.new.as_deref().map(summary_of),
            published_at: progress.published_at.map(instant::show),
            switches_at: progress.switches_at.map(instant::show),
            switched_at: progress.switched_at.map(instant::show),
            hands_out: progress.trust.iter().map(hands_out).collect(),
            needs: progress.needs.iter().map(need).collect(),
        }
    }
}
