//! certwright: certificates for Kubernetes Ingress, from the first one to every rotation.
//!
//! ```text
//! cluster ─┐                                                  ┌─> render (table, JSON, SARIF …)
//! files  ──┤ observe ─> Observations ─> inventory ─> audit(now) ─> Findings
//! DNS    ──┤  (IO)       one at a time    pure         pure        └─> plan ─> Plan ─> render (dry run)
//! served ──┘   ^                            │                           pure   └─> apply (IO) ─> Outcome
//!              └───── open questions ───────┘
//! ```
//!
//! A certificate is **judged** in [`audit`] and **written** in [`apply`]; nothing else does either.
//!
//! | module | what it is | sees |
//! |---|---|---|
//! | [`object_ref`], [`redact`], [`remedy`] | names of things; private bytes; commands and sentences | nothing |
//! | [`rarely`] | what is rarely other than usual, in little room | nothing |
//! | [`rights`] | what each way of running asks an API server for | nothing |
//! | [`instant`], [`duration`] | times and lengths of time as people write them | nothing |
//! | [`x509`] | PEM, certificates, keys, host matching, issuing | pure; randomness as an argument |
//! | [`gke`] | what GKE's controllers read and write | pure |
//! | [`gateway_api`] | what a Gateway, its routes and its grants say | pure |
//! | [`manifest`] | manifest text as kubectl takes it: encodings, documents, values | pure |
//! | [`controllers`] | how every other Ingress controller reads an Ingress | pure |
//! | [`observation`] | one thing seen, or the failure to see it | pure |
//! | [`inventory`] | facts and their links; PEM and keys end here | pure |
//! | [`audit`] | rules over the inventory at an instant: judging | pure; `now` as an argument |
//! | [`plan`] | what is to be written, as a list without secrets; what became of it | pure |
//! | [`render`], [`exit`] | output formats, exit codes | pure |
//! | [`world`] | clock, randomness, environment: what tests replace | IO |
//! | [`cluster`] | talking to an API server | IO |
//! | [`observe`] | cluster, files, DNS and TLS servers as Observations | IO in |
//! | [`apply`] | carrying out a plan: writing | IO out |
//! | [`converge`] | observe until nothing is open; plan and apply until nothing is left | IO |
//! | [`output`] | stdout, stderr, progress | IO |
//! | [`cli`], [`session`], [`commands`] | the command line; what commands share; one file a command | everything |
//!
//! Invariants, each held by tests:
//! 1. Reading never fails as a whole. A broken Secret is a finding; a forbidden list is a problem,
//!    never "absent" and never "clean".
//! 2. "Needs rotation" is the expiry rule asked at `now + renewal window`. Annotations only set
//!    policy. The window is compared with what is left of a lifetime after the time it was dated
//!    back.
//! 3. A Plan printed and a Plan executed are the same value; a second run writes nothing.
//! 4. Key and certificate change in one request, with the observed resourceVersion; everything else
//!    of the Secret stays byte for byte, but for a `ca.crt` by which the replaced one was trusted.
//! 5. Objects are created by server-side apply without force; a backup, and what is kept for a later
//!    switch, by a create, which alone refuses what is there. No Secret is deleted but a backup whose
//!    certificate has ended, and what kept the next certificate once the Secret holds that.
//! 6. What somebody else owns is refused by name, and skipped and counted in a batch.
//! 7. Only self-signed leaves and those whose CA is given are rotated. An issuing CA is not: one that
//!    signed something seen, or states keyCertSign and is served by nobody, or names no host
//!    ([`audit::issuing`]). CA:TRUE alone is what `openssl req -x509` writes into leaves. The key of
//!    somebody else's certificate is never overwritten ([`audit::halves`]).
//! 8. Private keys are wiped on drop, 0600 before the first byte, and in no output but manifests and PEM
//!    that are asked for (`-o yaml` of a dry run, `rotate -f`, `convert --out -`). Not wiped: their base64 in manifests that are read and in requests to an API server
//!    and its answers, and what a library decrypts out of PKCS#12; and nothing is where the process is
//!    cut short.
//! 9. Advice is checked like code: a remedy can be pasted and does what it says, or is a sentence, and
//!    destroys nothing.
//! 10. Strings from outside are made harmless where they are printed.
//! 11. Every connection, request and wait has a limit.
//!
//! `tests/cases/tidy` holds the table of who may use whom.
//!
//! Words, as the code and the output use them:
//!
//! | word | what it is |
//! |---|---|
//! | source | where objects are read from: a cluster, or files |
//! | target | where remedies and steps are carried out: the context, user and server they are for |
//! | selection | the objects that are reported; what they refer to is read beside them |
//! | Observation | one thing seen: an object, a file, an answer, or that it could not be seen |
//! | probes | what is looked at beside the objects: DNS, handshakes, owners, events |
//! | open question | what the inventory must still see before all rules can be answered |
//! | fact | what was read of an object, as a type, without PEM and key bytes |
//! | problem | something that could not be read: it makes a report incomplete |
//! | bundle | the certificates of one Secret, file or handshake, and the key beside them |
//! | leaf | the certificate of a bundle that is served: the first, or the one the key belongs to |
//! | anchor | a certificate of `ca.crt`, by which clients may trust the leaf |
//! | issuing CA | a certificate that signed something seen, or is made to sign and serves no host |
//! | frontend | what serves hosts: an Ingress, a Gateway, a Route of OpenShift |
//! | demand | a host that a frontend serves, and the Secrets its certificate may come from |
//! | coverage | whether a certificate for a demand is there: yes, no, or not to be seen |
//! | owner | the controller or person whose marks an object bears, and who would undo a change |
//! | maker | an object that makes a Secret: a cert-manager Certificate, an ExternalSecret |
//! | copy | a Secret with the certificate of another one, made by a tool that mirrors |
//! | backup | the Secret `NAME-previous` that keeps what was replaced in the Secret `NAME`; rollback puts it back |
//! | trust bundle | certificates that an object hands out to be trusted: a key of a ConfigMap or Secret, a `caBundle` |
//! | staged | said of a certificate and key that wait in a Secret `NAME-next`: published in the trust bundles, and not served yet |
//! | soak | how long a certificate is published before it is served |
//! | switch, retire | serve the staged certificate; remove the old one from the trust bundles |
//! | deployer | who applies an object's manifest again: Helm, Argo CD, Flux |
//! | renewal window | how long before its end a certificate is due (`--renew-before`) |
//! | due | within its renewal window |
//! | rule, finding | a judgement with a code; one violation of it, at one object |
//! | waived | said of a finding that an annotation or a waiver of the policy accepts: it is kept in JSON and fails nothing |
//! | baseline | a file of findings that are known: they are hidden and fail nothing |
//! | fingerprint | of a certificate its SHA-256; of a finding what tells it from others, from run to run |
//! | remedy | what puts a finding right: a command that can be pasted, or a sentence |
//! | goal | what a loop works towards: it says what comes next for what was seen |
//! | plan | what is to be written, and what was left out, as values without secrets |
//! | step | one request or one set of files of a plan |
//! | exclusion | an object that a plan leaves out, with a reason: skipped in a batch, refused by name |
//! | conflict | another writer changed an object while it was written to: it is looked at again |
//! | outcome | what became of a step |
//! | permanent failure | what no further attempt changes |

pub mod apply;
pub mod audit;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod controllers;
pub mod converge;
pub mod duration;
pub mod exit;
pub mod gateway_api;
pub mod gke;
pub mod instant;
pub mod inventory;
pub mod manifest;
pub mod object_ref;
pub mod observation;
pub mod observe;
pub mod output;
pub mod plan;
pub mod rarely;
pub mod redact;
pub mod remedy;
pub mod render;
pub mod rights;
pub mod session;
pub mod world;
pub mod x509;
