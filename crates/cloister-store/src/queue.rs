//! Who runs next, over every process that uses a hub. First come, first served within a project; the projects
//! take turns.

use crate::store::make_folder;
use crate::{Lock, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How much may run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Queries of the hub.
    pub queries_max: u32,
    /// Queries of one project.
    pub project_queries_max: u32,
    /// Memory of all running queries, in MiB.
    pub memory_mib_max: u64,
}

/// The queue of a hub: a folder with a list, and a locked file for everyone in it. Whoever dies is out of it.
#[derive(Clone, Debug)]
pub struct Queue {
    folder: PathBuf,
}

/// A place in the queue; given up when it is dropped.
#[derive(Debug)]
pub struct Place {
    queue: Queue,
    number: u64,
    _lock: Lock,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct List {
    /// The last place that was given.
    last: u64,
    /// How often anything was let run.
    turns: u64,
    places: Vec<Entry>,
    /// The turn at which each project was last let run.
    served: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    number: u64,
    project: String,
    memory_mib: u64,
    runs: bool,
}

impl List {
    /// Whose turn it is. Nobody overtakes whose memory is not free yet.
    fn next(&self, shares: &Shares) -> Option<u64> {
        let running = || self.places.iter().filter(|e| e.runs);
        if running().count() >= shares.queries_max as usize {
            return None;
        }
        let may_start = |entry: &&Entry| {
            let ahead =
                self.places.iter().any(|e| !e.runs && e.project == entry.project && e.number < entry.number);
            let of_project = running().filter(|e| e.project == entry.project).count();
            !entry.runs && !ahead && of_project < shares.project_queries_max as usize
        };
        let served = |entry: &&Entry| (self.served.get(&entry.project).copied().unwrap_or(0), entry.number);
        let next = self.places.iter().filter(may_start).min_by_key(served)?;
        let memory: u64 = running().map(|e| e.memory_mib).fold(0, u64::saturating_add);
        let fits = memory == 0 || memory.saturating_add(next.memory_mib) <= shares.memory_mib_max;
        fits.then_some(next.number)
    }

    fn start(&mut self, number: u64) {
        self.turns = self.turns.saturating_add(1);
        if let Some(entry) = self.places.iter_mut().find(|e| e.number == number) {
            entry.runs = true;
            self.served.insert(entry.project.clone(), self.turns);
        }
    }
}

impl Queue {
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Takes the place behind everyone else.
    pub fn enter(&self, project: &str, memory_mib: u64) -> Result<Place, StoreError> {
        make_folder(&self.folder)?;
        let _list = self.lock()?;
        let mut list = self.read()?;
        let number = list.last.saturating_add(1);
        let lock = Lock::take(&self.file(number), "the place is taken")?;
        list.last = number;
        list.places.push(Entry { number, project: project.to_owned(), memory_mib, runs: false });
        self.write(&list)?;
        Ok(Place { queue: self.clone(), number, _lock: lock })
    }

    fn lock(&self) -> Result<Lock, StoreError> {
        Lock::wait(&self.folder.join("queue.lock"))
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.lock"))
    }

    /// A list that cannot be read is begun anew: it says only who waits now.
    fn read(&self) -> Result<List, StoreError> {
        let path = self.folder.join("queue.json");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(List::default()),
            Err(e) => Err(StoreError::file(path)(e)),
        }
    }

    fn write(&self, list: &List) -> Result<(), StoreError> {
        let (new, path) = (self.folder.join("queue.new"), self.folder.join("queue.json"));
        let bytes = serde_json::to_vec(list).map_err(|_| StoreError::Stored("queue"))?;
        std::fs::write(&new, bytes).map_err(StoreError::file(&new))?;
        std::fs::rename(&new, &path).map_err(StoreError::file(path))
    }

    /// Takes out whose process died, but for one place.
    fn prune(&self, list: &mut List, but: u64) {
        list.places.retain(|entry| {
            if entry.number == but {
                return true;
            }
            let path = self.file(entry.number);
            let lives = matches!(Lock::take(&path, "lives"), Err(StoreError::Busy(_)));
            if !lives {
                forget(&path);
            }
            lives
        });
    }
}

impl Place {
    /// Whether its turn has come. To be asked again and again; once it has come, it stays.
    pub fn may_run(&self, shares: &Shares) -> Result<bool, StoreError> {
        let queue = &self.queue;
        let _list = queue.lock()?;
        let mut list = queue.read()?;
        if !list.places.iter().any(|e| e.number == self.number) {
            return Err(StoreError::Stored("the queue"));
        }
        let places = list.places.len();
        queue.prune(&mut list, self.number);
        let runs = |list: &List| list.places.iter().any(|e| e.number == self.number && e.runs);
        let starts = !runs(&list) && list.next(shares) == Some(self.number);
        if starts {
            list.start(self.number);
        }
        if starts || list.places.len() != places {
            queue.write(&list)?;
        }
        Ok(runs(&list))
    }
}

impl Drop for Place {
    /// Where it fails, the next who asks takes the place out.
    fn drop(&mut self) {
        let leave = || -> Result<(), StoreError> {
            let _list = self.queue.lock()?;
            let mut list = self.queue.read()?;
            list.places.retain(|e| e.number != self.number);
            self.queue.write(&list)
        };
        let _ = leave();
        forget(&self.queue.file(self.number));
    }
}

fn forget(path: &Path) {
    let _ = std::fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: Shares = Shares { queries_max: 2, project_queries_max: 2, memory_mib_max: 100 };

    fn queue() -> (tempfile::TempDir, Queue) {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::at(folder.path().join("queue"));
        (folder, queue)
    }

    #[test]
    fn projects_take_turns_and_each_serves_in_order() {
        let (_folder, queue) = queue();
        let shares = Shares { queries_max: 1, ..SHARES };
        let mut waiting: Vec<(String, Place)> = Vec::new();
        for name in ["a1", "a2", "a3", "a4", "b1", "b2", "c1"] {
            waiting.push((name.to_owned(), queue.enter(&name[..1], 1).unwrap()));
        }
        let mut order = Vec::new();
        while !waiting.is_empty() {
            let may: Vec<usize> =
                (0..waiting.len()).rev().filter(|i| waiting[*i].1.may_run(&shares).unwrap()).collect();
            // Whoever asked first, the same one may; asked again it still may.
            if let [one] = may[..] {
                order.push(waiting.remove(one).0);
            } else {
                assert!(may.is_empty(), "{may:?}");
            }
        }
        assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    }

    #[test]
    fn no_more_run_than_shares_allow() {
        let (_folder, queue) = queue();
        let shares = Shares { queries_max: 3, project_queries_max: 1, memory_mib_max: 100 };
        let enter = |project, memory| queue.enter(project, memory).unwrap();
        let (a1, a2) = (enter("a", 60), enter("a", 10));
        let (b, c) = (enter("b", 60), enter("c", 10));
        assert!(a1.may_run(&shares).unwrap());
        assert!(!a2.may_run(&shares).unwrap(), "one of a project");
        assert!(!b.may_run(&shares).unwrap(), "memory");
        assert!(!c.may_run(&shares).unwrap(), "nobody overtakes");
        drop(a1);
        assert!(b.may_run(&shares).unwrap() && c.may_run(&shares).unwrap() && a2.may_run(&shares).unwrap());
        let d = enter("d", 1);
        assert!(!d.may_run(&shares).unwrap(), "three of the hub");
        drop(c);
        assert!(d.may_run(&shares).unwrap());
        drop((a2, b, d));
        let big = enter("a", 1_000);
        assert!(big.may_run(&shares).unwrap(), "alone, it runs");
    }

    #[test]
    fn whoever_dies_makes_room() {
        let (_folder, queue) = queue();
        let shares = Shares { queries_max: 1, ..SHARES };
        let dead = queue.enter("a", 1).unwrap();
        let next = queue.enter("b", 1).unwrap();
        assert!(dead.may_run(&shares).unwrap() && !next.may_run(&shares).unwrap());
        // A process that dies frees its lock and tidies nothing.
        let (number, lock) = (dead.number, std::mem::ManuallyDrop::new(dead));
        assert!(!next.may_run(&shares).unwrap());
        std::fs::remove_file(queue.file(number)).unwrap();
        assert!(next.may_run(&shares).unwrap());
        let _ = lock;
        std::fs::write(queue.folder.join("queue.json"), "{").unwrap();
        assert!(next.may_run(&shares).is_err(), "a place that is not in the list");
        assert!(queue.enter("b", 1).unwrap().may_run(&shares).unwrap());
    }
}
