//! Plans and their outcomes, a format a file. A plan that is only shown and one that was carried out are
//! the same document.

pub mod ending;
mod file;
pub(super) mod json;
mod left_out;
pub(super) mod markdown;
mod text;
mod trust;

pub use file::{Moved, NotAPlan, PlanFile};
pub(crate) use json::write as write_json;
pub(crate) use markdown::write as write_markdown;
pub use text::{write as write_text, write_failures};

use crate::audit::Source;
use crate::inventory::Problem;
use crate::object_ref::ObjectRef;
use crate::plan::outcome::{Done, Failed, Outcome};
use crate::plan::step::{ConvertFiles, FileContents, NewPair, Plan, Step, WriteFiles};
use crate::plan::trust::Progress;
use crate::render::model::Looked;
use crate::x509::cert::Certificate;
use crate::x509::profile::Profile;
use ending::Ending;
use time::OffsetDateTime;

/// Where rewritten manifests stand. What is called replaced is so where it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManifestsWritten {
    /// In the files that were read; a cluster's Secrets are where they are, too.
    InPlace,
    /// In files of another folder; those that were read are as they were.
    Elsewhere,
    /// Nowhere: they were printed.
    Printed,
}

/// A plan, what became of it, and how it is shown.
#[derive(Clone, Copy, Debug)]
pub struct PlanReport<'a> {
    /// The command's name.
    pub command: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// What became of its steps; none when it was only shown.
    pub outcomes: Option<&'a [Outcome]>,
    /// Files that are written beside its steps.
    pub files: Option<FilesReport<'a>>,
    /// Where the facts are from.
    pub source: Source,
    /// What could not be read.
    pub problems: &'a [&'a Problem],
    /// Whether several namespaces are shown.
    pub namespaces: bool,
    /// Where the result stands, of manifests.
    pub written: ManifestsWritten,
    /// How it ended, for a command that worked towards a goal.
    pub ending: Option<&'a Ending>,
    /// Where it is carried out; none for files alone.
    pub looked: Option<&'a Looked>,
    /// When the last step was over.
    pub finished: Option<OffsetDateTime>,
    /// How far rotations are that overlap trust.
    pub trust: &'a [Progress],
}

impl<'a> PlanReport<'a> {
    /// A plan of `command` for a cluster that is only shown.
    #[must_use]
    pub const fn of(command: &'a str, plan: &'a Plan) -> Self {
        Self {
            command,
            plan,
            outcomes: None,
            files: None,
            source: Source::Cluster,
            problems: &[],
            namespaces: false,
            written: ManifestsWritten::InPlace,
            ending: None,
            looked: None,
            finished: None,
            trust: &[],
        }
    }

    /// The steps: those that were carried out, or all when the plan is only shown.
    fn rows(&self) -> Vec<Row<'a>> {
        let files = self.files.map(|files| (files.step.any(), files.result));
        let steps: Vec<Row<'a>> = match self.outcomes {
            Some(outcomes) => {
                let row = |one: &'a Outcome| (AnyStep::Cluster(&one.step), Some(&one.result));
                outcomes.iter().map(row).collect()
            }
            None => self.plan.steps.iter().map(|step| (AnyStep::Cluster(step), None)).collect(),
        };
        steps.into_iter().chain(files).collect()
    }

    /// What became of the steps that were carried out.
    fn results(&self) -> Vec<&'a Result<Done, Failed>> {
        self.rows().into_iter().filter_map(|(_, result)| result).collect()
    }

    /// How many steps could not be carried out.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.results().iter().filter(|result| result.is_err()).count()
    }

    /// Whether the server only tried them.
    fn tried_only(&self) -> bool {
        self.results().iter().any(|result| result.as_ref().is_ok_and(|done| done.tried_only))
    }
}

/// Files that are written, and what became of it; none when it was only shown.
#[derive(Clone, Copy, Debug)]
pub struct FilesReport<'a> {
    /// The files.
    pub step: FilesStep<'a>,
    /// What became of them.
    pub result: Option<&'a Result<Done, Failed>>,
}

/// How files come to be.
#[derive(Clone, Copy, Debug)]
pub enum FilesStep<'a> {
    /// They are made.
    Write(&'a WriteFiles),
    /// They hold in another form what is there.
    Convert(&'a ConvertFiles),
}

impl<'a> FilesStep<'a> {
    const fn any(self) -> AnyStep<'a> {
        match self {
            Self::Write(files) => AnyStep::Files(files),
            Self::Convert(files) => AnyStep::Converted(files),
        }
    }
}

/// A step, and what became of it.
type Row<'a> = (AnyStep<'a>, Option<&'a Result<Done, Failed>>);

/// What a step makes with a key.
#[derive(Clone, Copy)]
enum Written<'a> {
    Pair(&'a NewPair),
    Request(&'a Profile),
    Certificate(&'a Certificate),
}

/// A step of any target.
#[derive(Clone, Copy)]
enum AnyStep<'a> {
    Cluster(&'a Step),
    Files(&'a WriteFiles),
    Converted(&'a ConvertFiles),
}

impl<'a> AnyStep<'a> {
    /// The object or file that is written; of several files the one with the certificate.
    fn object(self) -> &'a ObjectRef {
        match self {
            Self::Cluster(step) => step.object(),
            Self::Files(files) => &files.certificate,
            Self::Converted(files) => &files.main,
        }
    }

    /// Every file that is written; none where no file is.
    fn files(self) -> Option<Vec<&'a ObjectRef>> {
        match self {
            Self::Cluster(_) => None,
            Self::Files(files) => Some(files.all().collect()),
            Self::Converted(files) => Some(files.all().collect()),
        }
    }

    /// What is made, where the step makes something with a key.
    fn written(self) -> Option<Written<'a>> {
        match self {
            Self::Cluster(step) => step.pair().map(Written::Pair),
            Self::Files(files) => Some(match &files.contents {
                FileContents::Pair(new) => Written::Pair(new),
                FileContents::Request(profile) => Written::Request(profile),
            }),
            Self::Converted(files) => files.leaf.as_deref().map(Written::Certificate),
        }
    }
}
