//! The double that acts by itself, as Google's do: woken by events, at its paces, until it is dropped.
//!
//! For tests of what takes several writers and some time. Refuses to hurry more than its options say.

use super::super::live::Live;
use super::engine::Engine;
use super::events::Teller;
use super::load_balancer::{has_finalizer, is_glbc};
use super::managed_certs::is_gke;
use super::names::Scheme;
use super::queue::Queue;
use super::record::Record;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// The paces.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How often gke-managed-certs looks at everything: 10 minutes on GKE.
    pub resync: Duration,
    /// How often ingress-gce does: 10 minutes.
    pub sync: Duration,
    /// How long gke-managed-certs lets pass between two objects of one queue: a second.
    pub pace: Duration,
    /// How long it takes from an Ingress's event to the load balancer: a second or two.
    pub build: Duration,
    /// How soon an event is seen.
    pub look: Duration,
    /// See [`Engine::set_auto`].
    pub auto: Option<Duration>,
    /// How new Ingresses' load balancers are named.
    pub scheme: Scheme,
}

impl Options {
    /// As on GKE, but for certificates, which no test waits an hour for.
    pub const fn as_on_gke() -> Self {
        Self {
            resync: Duration::from_mins(10),
            sync: Duration::from_mins(10),
            pace: Duration::from_secs(1),
            build: Duration::from_millis(600),
            look: Duration::from_millis(50),
            auto: None,
            scheme: Scheme::V2,
        }
    }

    /// Nothing takes long, and every certificate is issued on its load balancer: for what comes in the
    /// end, and not how.
    pub const fn hurried() -> Self {
        Self {
            resync: Duration::from_secs(2),
            sync: Duration::from_secs(2),
            pace: Duration::from_millis(20),
            build: Duration::ZERO,
            auto: Some(Duration::ZERO),
            ..Self::as_on_gke()
        }
    }
}

/// Google, at work in one namespace until this is dropped.
pub struct Google {
    engine: Arc<Mutex<Engine>>,
    over: Arc<AtomicBool>,
    idle: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    look: Duration,
}

impl Google {
    /// Starts both controllers. What they find at first, they take for their own work.
    pub fn start(live: &Live, options: Options) -> Self {
        let mut engine = Engine::new(live, options.scheme);
        engine.set_auto(options.auto);
        engine.set_pace(options.pace);
        let engine = Arc::new(Mutex::new(engine));
        let [over, idle] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let (shared, ended, rests) = (Arc::clone(&engine), Arc::clone(&over), Arc::clone(&idle));
        let work = move || {
            let mut queues = Queues::new(options, Instant::now());
            while !ended.load(Ordering::Relaxed) {
                let mut engine = lock(&shared);
                let did = queues.tick(&mut engine);
                let is_idle = !did && queues.are_idle(Instant::now());
                rests.store(is_idle, Ordering::Relaxed);
                drop(engine);
                std::thread::sleep(options.look);
            }
        };
        let thread = Some(std::thread::spawn(work));
        Self { engine, over, idle, thread, look: options.look }
    }

    /// Says what Google does, or asks what it has.
    pub fn with<T>(&self, what: impl FnOnce(&mut Engine) -> T) -> T {
        what(&mut lock(&self.engine))
    }

    /// Waits until this is so.
    ///
    /// # Panics
    ///
    /// When it is not within a minute.
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut(&mut Engine) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !self.with(&mut is_so) {
            assert!(Instant::now() < until, "never: {what}; {:#?}", self.record());
            std::thread::sleep(self.look);
        }
    }

    /// Waits until both controllers have done all that can be done about what happened so far, but for
    /// what fails again and again. With short periods they may never have.
    #[track_caller]
    pub fn settle(&self) {
        // With the lock held nobody is in the middle of a look that began earlier.
        self.with(|_| self.idle.store(false, Ordering::Relaxed));
        let idle = Arc::clone(&self.idle);
        self.wait_until("it rests", |_| idle.load(Ordering::Relaxed));
    }

    /// What was seen until now.
    pub fn record(&self) -> Record {
        self.with(|engine| engine.record().clone())
    }
}

impl Drop for Google {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        if let (Err(panic), false) = (ended, std::thread::panicking()) {
            std::panic::resume_unwind(panic);
        }
    }
}

/// A panic of the thread is told when it is joined; what it held is still good to look at.
fn lock(engine: &Mutex<Engine>) -> MutexGuard<'_, Engine> {
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What each controller has to do, and when. gke-managed-certs has a queue for events and one for
/// resyncs, for each kind.
struct Queues {
    options: Options,
    certificates: [Queue; 2],
    ingresses: [Queue; 2],
    balancers: Queue,
    resync_at: Instant,
    sync_at: Instant,
}

impl Queues {
    fn new(options: Options, now: Instant) -> Self {
        Self {
            options,
            certificates: Default::default(),
            ingresses: Default::default(),
            balancers: Queue::default(),
            resync_at: now,
            sync_at: now + options.sync,
        }
    }

    /// Sees what happened, and does what is due; whether anything was. What it writes is seen by the
    /// next one.
    ///
    /// What is due is what was at one instant: a busy machine would otherwise have an Ingress come up
    /// before the ManagedCertificate that was seen with it, whose queue is looked at first, and what
    /// fails tried again until nothing more is expected of it, before anybody could look anew.
    fn tick(&mut self, engine: &mut Engine) -> bool {
        let mut did = false;
        self.take_on(engine);
        let now = Instant::now();
        engine.world.compute.tick(now);
        let pace = engine.pace;
        let Engine { world, managed, balancers, .. } = engine;
        for queue in &mut self.certificates {
            while let Some(name) = queue.take(pace, now) {
                let well = managed.sync_certificate(world, &name);
                queue.ended(&name, well, Instant::now());
                did = true;
            }
        }
        for queue in &mut self.ingresses {
            while let Some(name) = queue.take(pace, now) {
                let well = managed.sync_ingress(world, &name);
                queue.ended(&name, well, Instant::now());
                did = true;
            }
        }
        while let Some(name) = self.balancers.take(Duration::ZERO, now) {
            let well = balancers.sync(world, &name);
            self.balancers.ended(&name, well, Instant::now());
            did = true;
        }
        did
    }

    fn are_idle(&self, now: Instant) -> bool {
        let mut all = self.certificates.iter().chain(&self.ingresses).chain([&self.balancers]);
        all.all(|queue| queue.is_idle(now))
    }

    /// Queues what an event or the time asks for.
    fn take_on(&mut self, engine: &mut Engine) {
        let changes = engine.look();
        let now = Instant::now();
        let [certificates, certificates_again] = &mut self.certificates;
        let [ingresses, ingresses_again] = &mut self.ingresses;
        for name in &changes.managed {
            certificates.add_limited(name, now);
        }
        let world = &mut engine.world;
        let all = world.ingresses.clone();
        for (name, ingress) in all.iter().filter(|(name, _)| changes.ingresses.contains(*name)) {
            if is_gke(ingress) {
                ingresses.add_limited(name, now);
            }
            if is_glbc(ingress) || has_finalizer(ingress) {
                world.tell(Teller::LoadBalancer, ingress, SCHEDULED);
                self.balancers.add(name, now + self.options.build);
            }
        }
        if now >= self.resync_at {
            self.resync_at = now + self.options.resync;
            for name in all.iter().filter(|(_, one)| is_gke(one)).map(|(name, _)| name) {
                ingresses_again.add_limited(name, now);
            }
            for name in world.managed.keys().chain(engine.managed.entries.keys()) {
                certificates_again.add_limited(name, now);
            }
        }
        if now >= self.sync_at {
            self.sync_at = now + self.options.sync;
            for (name, ingress) in all.iter().filter(|(_, one)| is_glbc(one)) {
                world.tell(Teller::LoadBalancer, ingress, SCHEDULED);
                self.balancers.add(name, now);
            }
        }
    }
}

/// What ingress-gce says of every Ingress that it takes up.
const SCHEDULED: (&str, &str, &str) = ("Normal", "Sync", "Scheduled for sync");
