//! The coefficients that numbers may have, in solved form.

use crate::field::{PRIME, add, inverse, multiply, multiply_add, random, subtract};

/// A sum of variables: each with what it is multiplied with, in ascending order, none with nothing.
pub(super) type Sum = Vec<(u32, u64)>;

/// Terms of a coefficient from which it is written down with a place for every variable.
const LONG: usize = 48;
/// Equations after which they are put into long coefficients, and it is looked whether these have become short. Together, so
/// that each long coefficient is in the processor's cache once for all of them.
const WAITING_MAX: usize = 64;
/// Sums that were computed for nothing before it.
const IDLE_MAX: usize = 4;

/// What a set is multiplied with, as a sum of free variables.
#[derive(Clone)]
enum Coefficient {
    /// A free variable by itself.
    Free,
    Short(Sum),
    Long(Vec<u64>),
}

/// A variable that is no longer free: the sum that it is, and by how much its value in the sample has changed.
#[derive(Clone)]
struct Solved {
    variable: u32,
    is: Sum,
    change: u64,
}

/// All coefficients of the sets that satisfy the equations taken so far. Every coefficient is a sum of free variables; at first
/// each is one of its own. An equation makes one free variable a sum of the others, everywhere (Gauss and Jordan's elimination,
/// of which only the columns of free variables are kept). Between few and all equations coefficients grow long; in the end most
/// are short again.
#[derive(Clone)]
pub(super) struct Solutions {
    sets: usize,
    coefficients: Vec<Coefficient>,
    /// The sets whose coefficient is long.
    long: Vec<u32>,
    /// For each variable the sets whose short coefficient has it, or had it.
    users: Vec<Vec<u32>>,
    /// The variables that coefficients may have, and some that they no longer have.
    live: Vec<u32>,
    /// What has not been put into long coefficients yet, in order.
    waiting: Vec<Solved>,
    idle: usize,
    /// Whether a variable is the coefficient of a new set: those stay free as long as they can.
    new: Vec<bool>,
    /// The free variables' values in a solution chosen at random, and the coefficients in it.
    values: Vec<u64>,
    sample: Vec<u64>,
    /// A sum that is being added up, and its variables.
    sum: Vec<u64>,
    touched: Vec<u32>,
}

impl Solutions {
    /// Without an equation yet.
    pub(super) fn new(new: Vec<bool>) -> Self {
        let sets = new.len();
        let values: Vec<u64> = (0..sets as u64).map(|i| random(i ^ 0x5eed << 32)).collect();
        Self {
            sets,
            coefficients: vec![Coefficient::Free; sets],
            long: Vec::new(),
            users: vec![Vec::new(); sets],
            live: (0u32..).take(sets).collect(),
            waiting: Vec::new(),
            idle: 0,
            new,
            sample: values.clone(),
            sum: vec![0; sets],
            touched: Vec::new(),
            values,
        }
    }

    /// Whether the coefficients of these sets add up to nothing in every solution, but for a chance of one in 2^61: whether they
    /// do in the one chosen at random, with the parameters at nothing. While equations are waiting, it may say no too often.
    fn is_nothing(&self, sets: &[u16]) -> bool {
        total(&self.sample, sets) == 0
    }

    /// Takes the equation that the coefficients of these sets add up to nothing.
    pub(super) fn take(&mut self, sets: &[u16]) -> bool {
        !self.is_nothing(sets) && self.solve(sets, None)
    }

    /// Makes what the coefficients of these sets add up to a parameter, in the place of a free variable. Says which.
    pub(super) fn name(&mut self, sets: &[u16]) -> Option<u32> {
        if self.is_nothing(sets) {
            return None;
        }
        let name = u32::try_from(self.users.len()).ok()?;
        self.users.push(Vec::new());
        self.live.push(name);
        self.sum.push(0);
        self.values.push(0);
        self.solve(sets, Some(name)).then_some(name)
    }

    /// What the coefficients of these sets add up to.
    pub(super) fn sum_of(&mut self, sets: &[u16]) -> Sum {
        for set in sets {
            match self.coefficients.get(usize::from(*set)) {
                Some(Coefficient::Short(terms)) => {
                    for (variable, times) in terms {
                        add_term(&mut self.sum, &mut self.touched, *variable, *times);
                    }
                }
                Some(Coefficient::Long(all)) => {
                    for variable in &self.live {
                        match all.get(*variable as usize) {
                            Some(0) | None => {}
                            Some(times) => add_term(&mut self.sum, &mut self.touched, *variable, *times),
                        }
                    }
                }
                _ => add_term(&mut self.sum, &mut self.touched, u32::from(*set), 1),
            }
        }
        for solved in &self.waiting {
            let times = self.sum.get_mut(solved.variable as usize).map_or(0, std::mem::take);
            if times != 0 {
                for (variable, t) in &solved.is {
                    add_term(&mut self.sum, &mut self.touched, *variable, multiply(*t, times));
                }
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        let mut sum = Vec::with_capacity(self.touched.len());
        for variable in self.touched.drain(..) {
            if let Some(times) = self.sum.get_mut(variable as usize) {
                if *times != 0 {
                    sum.push((variable, *times));
                }
                *times = 0;
            }
        }
        sum
    }

    fn solve(&mut self, sets: &[u16], name: Option<u32>) -> bool {
        let sum = self.sum_of(sets);
        let free = sum.iter().filter(|(variable, _)| (*variable as usize) < self.sets);
        let cost = |(variable, _): &&(u32, u64)| {
            let at = *variable as usize;
            (self.new.get(at).copied().unwrap_or_default(), self.users.get(at).map_or(0, Vec::len))
        };
        let Some((chosen, times)) = free.min_by_key(cost).copied() else {
            self.idle += 1;
            if self.idle >= IDLE_MAX {
                self.tidy();
            }
            return false;
        };
        // chosen = (name − the others) / times
        let by = inverse(times);
        let less = subtract(0, by);
        let mut is: Sum =
            sum.iter().filter(|(v, _)| *v != chosen).map(|(v, t)| (*v, multiply(*t, less))).collect();
        if let Some(name) = name {
            is.push((name, by));
        }
        let value = is.iter().fold(0, |sum, (v, t)| {
            add(sum, multiply(*t, self.values.get(*v as usize).copied().unwrap_or_default()))
        });
        let before = self.values.get_mut(chosen as usize).map_or(0, |v| std::mem::replace(v, value));
        let change = subtract(value, before);
        self.replace(chosen, &is, change);
        if let Some(sample) = self.sample.get_mut(chosen as usize) {
            *sample = value;
        }
        if let Some(coefficient) = self.coefficients.get_mut(chosen as usize) {
            *coefficient = Coefficient::Short(is);
        }
        self.keep(chosen);
        if self.waiting.len() >= WAITING_MAX {
            self.tidy();
        }
        true
    }

    /// Puts a sum in the place of a variable: in short coefficients now, in long ones later.
    fn replace(&mut self, chosen: u32, is: &Sum, change: u64) {
        let mut merged = Vec::new();
        let mut grown = Vec::new();
        for user in self.users.get_mut(chosen as usize).map(std::mem::take).unwrap_or_default() {
            let Some(Coefficient::Short(terms)) = self.coefficients.get_mut(user as usize) else { continue };
            let Ok(at) = terms.binary_search_by_key(&chosen, |(v, _)| *v) else { continue };
            let (_, times) = terms.remove(at);
            if let Some(sample) = self.sample.get_mut(user as usize) {
                *sample = multiply_add(times, change, *sample);
            }
            merged.clear();
            plus(terms, is, times, user, &mut merged, &mut self.users);
            terms.clone_from(&merged);
            if terms.len() > LONG {
                grown.push(user);
            }
        }
        grown.into_iter().for_each(|user| self.lengthen(user));
        self.waiting.push(Solved { variable: chosen, is: is.clone(), change });
    }

    /// Puts what is waiting into long coefficients.
    fn catch_up(&mut self) {
        self.idle = 0;
        let len = self.sum.len();
        for user in &self.long {
            let Some(Coefficient::Long(all)) = self.coefficients.get_mut(*user as usize) else { continue };
            all.resize(len, 0);
            for solved in &self.waiting {
                let times = all.get_mut(solved.variable as usize).map_or(0, std::mem::take);
                if times == 0 {
                    continue;
                }
                for (variable, t) in &solved.is {
                    if let Some(at) = all.get_mut(*variable as usize) {
                        *at = multiply_add(*t, times, *at);
                    }
                }
                if let Some(sample) = self.sample.get_mut(*user as usize) {
                    *sample = multiply_add(times, solved.change, *sample);
                }
            }
        }
        self.waiting.clear();
    }

    /// Notes what a new short coefficient is made of, or makes it a long one.
    fn keep(&mut self, set: u32) {
        let Some(Coefficient::Short(terms)) = self.coefficients.get(set as usize) else { return };
        if terms.len() > LONG {
            return self.lengthen(set);
        }
        for (variable, _) in terms {
            if let Some(users) = self.users.get_mut(*variable as usize) {
                users.push(set);
            }
        }
    }

    fn lengthen(&mut self, set: u32) {
        let Some(coefficient) = self.coefficients.get_mut(set as usize) else { return };
        let Coefficient::Short(terms) = &*coefficient else { return };
        let mut all = vec![0; self.sum.len()];
        for (variable, times) in terms {
            if let Some(at) = all.get_mut(*variable as usize) {
                *at = *times;
            }
        }
        *coefficient = Coefficient::Long(all);
        self.long.push(set);
    }

    /// Catches up, and shortens what has become short.
    fn tidy(&mut self) {
        self.catch_up();
        let (sets, coefficients) = (self.sets, &self.coefficients);
        self.live.retain(|variable| {
            *variable as usize >= sets
                || matches!(coefficients.get(*variable as usize), Some(Coefficient::Free))
        });
        for set in std::mem::take(&mut self.long) {
            let Some(coefficient) = self.coefficients.get_mut(set as usize) else { continue };
            let Coefficient::Long(all) = &*coefficient else { continue };
            let times = |v: &u32| all.get(*v as usize).copied().unwrap_or_default();
            let terms = self.live.iter().map(|v| (*v, times(v))).filter(|(_, t)| *t != 0);
            if terms.clone().take(LONG / 2 + 1).count() > LONG / 2 {
                self.long.push(set);
                continue;
            }
            *coefficient = Coefficient::Short(terms.collect());
            self.keep(set);
        }
    }

    /// The variables that are still coefficients by themselves.
    pub(super) fn free(&self) -> Vec<u32> {
        let free = |(_, coefficient): &(u32, &Coefficient)| matches!(coefficient, Coefficient::Free);
        (0u32..).zip(&self.coefficients).filter(free).map(|(set, _)| set).collect()
    }

    /// Leaves sets out whose coefficients are free.
    pub(super) fn leave_out(&mut self, free: &[u32]) {
        for set in free {
            self.replace(*set, &Vec::new(), 0);
            if let Some(none) = self.coefficients.get_mut(*set as usize) {
                *none = Coefficient::Short(Vec::new());
            }
            if let Some(value) = self.values.get_mut(*set as usize) {
                *value = 0;
            }
        }
        self.tidy();
        let values = self.values.clone();
        self.sample = self.solution(|v| values.get(v as usize).copied().unwrap_or_default());
    }

    /// The coefficients where the variables have these values.
    pub(super) fn solution(&mut self, value: impl Fn(u32) -> u64) -> Vec<u64> {
        self.catch_up();
        let live: Vec<(usize, u64)> =
            self.live.iter().map(|v| (*v as usize, value(*v))).filter(|(_, value)| *value != 0).collect();
        let of = |(set, coefficient): (u32, &Coefficient)| match coefficient {
            Coefficient::Free => value(set),
            Coefficient::Short(terms) => {
                terms.iter().fold(0, |sum, (v, times)| add(sum, multiply(*times, value(*v))))
            }
            Coefficient::Long(all) => live.iter().fold(0, |sum, (v, value)| {
                add(sum, multiply(all.get(*v).copied().unwrap_or_default(), *value))
            }),
        };
        (0u32..).zip(&self.coefficients).map(of).collect()
    }

    /// The sets whose coefficient has a variable.
    pub(super) fn users(&mut self, variable: u32) -> Vec<u32> {
        self.catch_up();
        let has = |user: &u32| match self.coefficients.get(*user as usize) {
            Some(Coefficient::Short(terms)) => terms.binary_search_by_key(&variable, |(v, _)| *v).is_ok(),
            Some(Coefficient::Long(all)) => all.get(variable as usize).is_some_and(|times| *times != 0),
            _ => false,
        };
        let short = self.users.get(variable as usize).into_iter().flatten();
        short.chain(&self.long).copied().filter(has).collect()
    }
}

/// What the values of these sets add up to.
pub(super) fn total(values: &[u64], sets: &[u16]) -> u64 {
    let value = |set: &u16| values.get(usize::from(*set)).copied().unwrap_or_default();
    let (fours, rest) = sets.as_chunks::<4>();
    // Four are below 2^63: brought under the prime together.
    let of_fours = fours.iter().fold(0, |sum, [a, b, c, d]| {
        let four = value(a) + value(b) + value(c) + value(d);
        add(sum, add(four & PRIME, four >> 61))
    });
    rest.iter().fold(of_fours, |sum, set| add(sum, value(set)))
}

fn add_term(sum: &mut [u64], touched: &mut Vec<u32>, variable: u32, times: u64) {
    if let Some(at) = sum.get_mut(variable as usize) {
        if *at == 0 {
            touched.push(variable);
        }
        *at = add(*at, times);
    }
}

/// One sum plus so many times another, and who uses the variables that come in.
fn plus(one: &Sum, other: &Sum, times: u64, user: u32, merged: &mut Sum, users: &mut [Vec<u32>]) {
    let (mut a, mut b) = (one.iter().peekable(), other.iter());
    for (variable, t) in b.by_ref() {
        while let Some(term) = a.next_if(|(v, _)| v < variable) {
            merged.push(*term);
        }
        let t = multiply(*t, times);
        match a.next_if(|(v, _)| v == variable) {
            Some((_, before)) => {
                let sum = add(*before, t);
                if sum != 0 {
                    merged.push((*variable, sum));
                }
            }
            None => {
                merged.push((*variable, t));
                if let Some(users) = users.get_mut(*variable as usize) {
                    users.push(user);
                }
            }
        }
    }
    merged.extend(a);
}
