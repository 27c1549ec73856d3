//! Values by index.

/// A value for every index: the default where none was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places<T>(Vec<T>);

impl<T: Copy + Default> Places<T> {
    /// Of `len` indexes.
    pub fn new(len: usize) -> Self {
        Self(vec![T::default(); len])
    }

    /// The value at an index.
    pub fn get(&self, index: usize) -> T {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// Sets the value at an index.
    pub fn set(&mut self, index: usize, value: T) {
        if let Some(place) = self.0.get_mut(index) {
            *place = value;
        }
    }

    /// Has at least `len` indexes.
    pub fn grow(&mut self, len: usize) {
        self.0.resize(self.0.len().max(len), T::default());
    }

    /// Adds an index.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// How many indexes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.0.iter().copied()
    }
}

impl Places<bool> {
    /// The indexes whose value is true.
    pub fn chosen(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().filter(|(_, chosen)| **chosen).map(|(index, _)| index)
    }
}

impl<T> FromIterator<T> for Places<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
