//! Where a document is written, and how wide it may be.

use std::io::{self, Write};

/// The narrowest that text is laid out for: below it hardly a name fits.
const NARROWEST: usize = 40;

/// Where a document goes. What is no terminal has no width: there a record is a line, so that `grep`,
/// `awk` and `cut` work.
pub struct Page<'w> {
    out: &'w mut dyn Write,
    width: Option<usize>,
}

impl<'w> Page<'w> {
    /// A terminal of so many columns; of none, what is no terminal.
    pub fn new(out: &'w mut dyn Write, width: Option<usize>) -> Self {
        Self { out, width: width.map(|width| width.max(NARROWEST)) }
    }

    /// What is no terminal.
    pub fn unwrapped(out: &'w mut dyn Write) -> Self {
        Self::new(out, None)
    }

    /// How many columns it has; none where a line may have any length.
    #[must_use]
    pub const fn width(&self) -> Option<usize> {
        self.width
    }
}

impl std::fmt::Debug for Page<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Page").field("width", &self.width).finish_non_exhaustive()
    }
}

impl Write for Page<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
