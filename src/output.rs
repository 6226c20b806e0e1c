//! Where data and talk go: data to stdout, talk and progress to stderr.
//!
//! Knows terminals, colours and broken pipes. Refuses to know what is said.
#![expect(clippy::disallowed_methods, reason = "the one place where the real streams are taken")]

use crate::render::harmless;
use crate::render::page::Page;
use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// The two streams of a command.
#[derive(Debug)]
pub struct Output {
    out: Data,
    err: AutoStream<io::Stderr>,
    verbose: bool,
    asking: Asking,
}

/// Whether a question stands on the terminal and waits for its answer.
#[derive(Clone, Debug, Default)]
pub struct Asking(Arc<AtomicBool>);

impl Asking {
    /// Whether it does now.
    #[must_use]
    pub fn now(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How the terminal of standard input was set. Who ends while a password is typed would leave it
/// showing nothing of what is typed from then on.
#[derive(Debug)]
pub struct Terminal(Option<Termios>);

impl Terminal {
    /// As it is now; nothing where standard input is no terminal.
    #[must_use]
    pub fn as_it_is() -> Self {
        Self(tcgetattr(io::stdin()).ok())
    }

    /// Sets it so again.
    pub fn restore(&self) {
        if let Some(was) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, was);
        }
    }
}

/// Ten thousand certificates are megabytes of JSON, written in pieces of a few bytes.
const BUFFER: usize = 64 * 1024;

/// Standard output, until its reader goes away.
#[derive(Debug)]
struct Data {
    stream: io::BufWriter<Stdout>,
    closed: bool,
}

/// Standard output as a terminal or a file wants it.
#[derive(Debug)]
struct Stdout {
    styled: AutoStream<io::Stdout>,
    /// A document holds no styles: looking for them in megabytes of JSON is work for nothing.
    is_document: bool,
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_document {
            return self.styled.as_inner().write(bytes);
        }
        self.styled.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.styled.flush()
    }
}

impl Data {
    /// The result, with a broken pipe taken for success.
    fn unless_closed<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            result => result,
        }
    }
}

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = self.stream.write(bytes);
        self.unless_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream.flush();
        self.unless_closed(flushed, ())
    }
}

/// Something that goes on; when it is dropped, it is over.
#[derive(Debug)]
pub struct Busy(ProgressBar);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Busy {
    /// One more of the total is done.
    pub fn advance(&self) {
        self.0.inc(1);
    }
}

impl Output {
    /// The real streams. `NO_COLOR`, `CLICOLOR_FORCE` and `TERM=dumb` are obeyed with `Auto`.
    #[must_use]
    pub fn real(color: ColorChoice, verbose: bool) -> Self {
        Self {
            out: Data {
                stream: io::BufWriter::with_capacity(
                    BUFFER,
                    Stdout {
                        styled: AutoStream::new(io::stdout(), resolved(color, &io::stdout())),
                        is_document: false,
                    },
                ),
                closed: false,
            },
            err: AutoStream::new(io::stderr(), resolved(color, &io::stderr())),
            verbose,
            asking: Asking::default(),
        }
    }

    /// Tells from another thread whether a question waits for its answer.
    #[must_use]
    pub fn asking(&self) -> Asking {
        self.asking.clone()
    }

    /// Where data goes. Whoever reads it may stop reading; the command goes on to its own end and
    /// exit code, and the rest is dropped.
    pub fn data(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// Where a document for machines goes: as [`Self::data`], byte for byte, without a look for
    /// styles. All that follows is written so, too.
    pub fn document(&mut self) -> &mut impl Write {
        // What is there already was made for people.
        let flushed = self.out.stream.flush();
        let _ = self.out.unless_closed(flushed, ());
        self.out.stream.get_mut().is_document = true;
        &mut self.out
    }

    /// Where what is written in a format goes: as [`Self::document`] what is for programs, else as
    /// [`Self::data`], as wide as the terminal is.
    pub fn of(&mut self, for_programs: bool) -> Page<'_> {
        if for_programs {
            return Page::unwrapped(self.document());
        }
        let width = width(&io::stdout());
        Page::new(self.data(), width)
    }

    /// Sends to stderr what `write` writes of a report, as wide as its terminal is.
    ///
    /// # Errors
    /// What `write` says.
    pub fn talk_of(
        &mut self,
        write: impl FnOnce(&mut Page<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = Vec::new();
        write(&mut Page::new(&mut text, width(&io::stderr())))?;
        self.out.flush()?;
        self.talk(&text);
        Ok(())
    }

    /// Says one line on stderr, behind the data so far; made harmless.
    pub fn say(&mut self, line: &str) {
        let _ = self.out.flush();
        let _ = writeln!(self.err, "{}", harmless::line(line));
    }

    /// Sends text that was rendered already (and so is harmless) to stderr.
    pub fn talk(&mut self, text: &[u8]) {
        let _ = self.err.write_all(text);
    }

    /// Says one line on stderr when `-v` was given.
    pub fn say_verbosely(&mut self, line: &str) {
        if self.verbose {
            self.say(line);
        }
    }

    /// Shows on a terminal's stderr that something goes on, from its first second.
    #[must_use]
    pub fn busy(&self, what: &'static str, total: Option<usize>) -> Busy {
        let bar = match total {
            Some(total) => ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX)),
            None => ProgressBar::new_spinner(),
        };
        let template = if total.is_some() {
            "{spinner} {msg} {pos}/{len} {elapsed}"
        } else {
            "{spinner} {msg} {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if !io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_secs(1));
        Busy(bar)
    }

    /// Whether both a question can be shown and an answer be typed.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Ends the line on which a question stands, or the `^C` that a terminal shows.
    pub fn end_line(&mut self) {
        if io::stderr().is_terminal() {
            let _ = writeln!(self.err);
        }
    }

    /// Asks a yes-or-no question on stderr; anything but `y` or `yes` is no.
    pub fn ask(&mut self, question: &str) -> bool {
        let _ = write!(self.err, "{} [y/N] ", harmless::line(question));
        let _ = self.err.flush();
        let mut answer = String::new();
        self.asking.0.store(true, Ordering::SeqCst);
        let read = io::stdin().read_line(&mut answer);
        self.asking.0.store(false, Ordering::SeqCst);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Asks for a password on the terminal, without showing what is typed.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn ask_password(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        rpassword::prompt_password(format!("{}: ", harmless::line(question))).map(Zeroizing::new)
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// What the stream says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// How many columns a terminal has; none of what is no terminal, or does not say.
fn width(stream: &(impl AsFd + io::IsTerminal)) -> Option<usize> {
    let size = stream.is_terminal().then(|| tcgetwinsize(stream)).and_then(Result::ok)?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

fn resolved(color: ColorChoice, stream: &impl anstream::stream::RawStream) -> ColorChoice {
    match color {
        ColorChoice::Auto => AutoStream::choice(stream),
        chosen => chosen,
    }
}
