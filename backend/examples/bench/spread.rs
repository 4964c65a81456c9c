//! Figures of several rounds, and how far they lie apart.

use std::fmt;

/// At least one figure, sorted.
pub struct Spread(Vec<f64>);

impl Spread {
    /// Not-a-number counts as the largest.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self(figures)
    }

    pub fn min(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    pub fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub fn max(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }
}

/// As the tables show it; the precision is that of the formatter.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(f, "{:.digits$} – **{:.digits$}** – {:.digits$}", self.min(), self.median(), self.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_between() {
        let spread = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!((spread.min(), spread.median(), spread.max()), (1.0, 2.0, 3.0));
        assert_eq!(format!("{spread:.1}"), "1.0 – **2.0** – 3.0");
    }
}
