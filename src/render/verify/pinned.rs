//! What `verify --trust-out` says of the file that it has written: what in it is for which host.

use crate::audit::pins::Pins;
use crate::render::layout::some;

/// How many hosts of a pin are named.
const MOST: usize = 20;

/// The lines about the file at `path`: one where all hosts have one pin.
#[must_use]
pub fn told(path: &str, pins: &Pins<'_>) -> Vec<String> {
    let named = |hosts: &[&str]| {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        some(&hosts, MOST)
    };
    let left = [(&pins.public, "clients trust its public CA"), (&pins.unknown, "no Secret tells")];
    let left = left.into_iter().filter(|(hosts, _)| !hosts.is_empty());
    let left = left.map(|(hosts, why)| format!("  not for {}: {why}", named(hosts)));
    let mut lines = match pins.pins.as_slice() {
        [(pin, _)] => vec![format!("wrote {path}: {}", pin.what)],
        several => {
            let one = |(pin, hosts): &(&crate::audit::trust::Pin, Vec<&str>)| {
                format!("  for {}: {} ({})", named(hosts), pin.what, pin.secret.short())
            };
            let head = format!("wrote {path}, which clients of all these hosts may pin:");
            std::iter::once(head).chain(several.iter().map(one)).collect()
        }
    };
    lines.extend(left);
    lines
}
