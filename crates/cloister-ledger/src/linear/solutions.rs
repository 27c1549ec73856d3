//! The coefficients that numbers may have, in solved form.

use crate::field::{PRIME, add, inverse, multiply, random, subtract};

/// A sum of variables: each with what it is multiplied with, in ascending order, none with nothing.
pub(super) type Sum = Vec<(u32, u64)>;

/// All coefficients of the sets that satisfy the equations taken so far. Every coefficient is a sum of free variables; at first
/// each is one of its own. An equation makes one free variable a sum of the others, everywhere (Gauss and Jordan's elimination,
/// with sparse rows and implicit columns).
#[derive(Clone)]
pub(super) struct Solutions {
    sets: usize,
    /// For each set its coefficient, where that is not a free variable by itself.
    coefficients: Vec<Option<Sum>>,
    /// For each variable the sets whose coefficient has it, or had it.
    users: Vec<Vec<u32>>,
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
            coefficients: vec![None; sets],
            users: vec![Vec::new(); sets],
            new,
            sample: values.clone(),
            sum: vec![0; sets],
            touched: Vec::new(),
            values,
        }
    }

    /// Whether the coefficients of these sets add up to nothing in every solution, but for a chance of one in 2^61: whether they
    /// do in the one chosen at random, with the parameters at nothing.
    pub(super) fn is_nothing(&self, sets: &[u16]) -> bool {
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
        self.sum.push(0);
        self.values.push(0);
        self.solve(sets, Some(name)).then_some(name)
    }

    /// What the coefficients of these sets add up to.
    pub(super) fn sum_of(&mut self, sets: &[u16]) -> Sum {
        for set in sets {
            match self.coefficients.get(usize::from(*set)) {
                Some(Some(terms)) => {
                    for (variable, times) in terms {
                        add_term(&mut self.sum, &mut self.touched, *variable, *times);
                    }
                }
                _ => add_term(&mut self.sum, &mut self.touched, u32::from(*set), 1),
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
        let Some((chosen, times)) = free.min_by_key(cost).copied() else { return false };
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
        let users = self.users.get_mut(chosen as usize).map(std::mem::take).unwrap_or_default();
        let mut merged = Vec::new();
        for user in users {
            let Some(Some(terms)) = self.coefficients.get_mut(user as usize) else { continue };
            let Ok(at) = terms.binary_search_by_key(&chosen, |(v, _)| *v) else { continue };
            let (_, times) = terms.remove(at);
            merged.clear();
            plus(terms, &is, times, user, &mut merged, &mut self.users);
            terms.clone_from(&merged);
            if let Some(sample) = self.sample.get_mut(user as usize) {
                *sample = add(*sample, multiply(times, change));
            }
        }
        for (variable, _) in &is {
            if let Some(users) = self.users.get_mut(*variable as usize) {
                users.push(chosen);
            }
        }
        if let Some(sample) = self.sample.get_mut(chosen as usize) {
            *sample = value;
        }
        if let Some(coefficient) = self.coefficients.get_mut(chosen as usize) {
            *coefficient = Some(is);
        }
        true
    }

    /// The variables that are still coefficients by themselves.
    pub(super) fn free(&self) -> Vec<u32> {
        (0u32..).zip(&self.coefficients).filter(|(_, c)| c.is_none()).map(|(set, _)| set).collect()
    }

    /// Leaves sets out whose coefficients are free.
    pub(super) fn leave_out(&mut self, free: &[u32]) {
        for set in free {
            if let Some(none) = self.coefficients.get_mut(*set as usize).filter(|c| c.is_none()) {
                *none = Some(Vec::new());
            }
            for user in self.users.get_mut(*set as usize).map(std::mem::take).unwrap_or_default() {
                if let Some(Some(terms)) = self.coefficients.get_mut(user as usize) {
                    terms.retain(|(v, _)| v != set);
                }
            }
            if let Some(value) = self.values.get_mut(*set as usize) {
                *value = 0;
            }
        }
        let values = std::mem::take(&mut self.values);
        self.sample = self.solution(|v| values.get(v as usize).copied().unwrap_or_default());
        self.values = values;
    }

    /// The coefficients where the variables have these values.
    pub(super) fn solution(&self, value: impl Fn(u32) -> u64) -> Vec<u64> {
        let of = |(set, coefficient): (u32, &Option<Sum>)| match coefficient {
            None => value(set),
            Some(terms) => terms.iter().fold(0, |sum, (v, times)| add(sum, multiply(*times, value(*v)))),
        };
        (0u32..).zip(&self.coefficients).map(of).collect()
    }

    /// The sets whose coefficient has a variable.
    pub(super) fn users(&self, variable: u32) -> Vec<u32> {
        let all = self.users.get(variable as usize).into_iter().flatten().copied();
        let has = |user: &u32| matches!(self.coefficients.get(*user as usize), Some(Some(terms)) if terms.binary_search_by_key(&variable, |(v, _)| *v).is_ok());
        let mut users: Vec<u32> = all.filter(has).collect();
        users.sort_unstable();
        users.dedup();
        users
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
