//! Certificate requests in the files that were looked at: shown, and signed by nobody here.
//!
//! Refuses to know what of one would be taken.

use super::Inventory;
use crate::object_ref::ObjectRef;
use crate::x509::request::{self, Asked};

/// How many requests of one file are read: each has a signature to be verified.
const MOST: usize = 100;

/// One request.
#[derive(Debug)]
pub struct RequestFacts {
    /// The file that it stands in.
    pub object: ObjectRef,
    /// Its position among the requests of the file, from 0.
    pub index: usize,
    /// How many stand there.
    pub count: usize,
    /// What it says.
    pub asked: Asked,
}

impl Inventory {
    /// Every request that could be read.
    pub fn requests(&self) -> impl Iterator<Item = &RequestFacts> {
        self.requests.iter()
    }

    /// Takes the requests of a file, and says whether nothing else is in it.
    pub(super) fn absorb_requests(&mut self, object: &ObjectRef, bytes: &[u8]) -> bool {
        let found = request::all_in(bytes);
        let count = found.blocks.len();
        for (index, der) in found.blocks.into_iter().enumerate().take(MOST) {
            let read = der.and_then(|der| Asked::read(&der));
            match read {
                Ok(asked) => {
                    let object = object.clone();
                    self.requests.push(RequestFacts { object, index, count, asked });
                }
                Err(why) => {
                    let which = if count > 1 {
                        format!("certificate request {}: ", index + 1)
                    } else {
                        String::new()
                    };
                    self.problem(object.clone(), format!("{which}{why}"));
                }
            }
        }
        if count > MOST {
            let message = format!("{count} certificate requests are in it, and {MOST} are read");
            self.problem(object.clone(), message);
        }
        count > 0 && found.alone
    }
}
