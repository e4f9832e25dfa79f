//! The report of a benchmark, as Markdown.

use std::fmt;

/// The report of one benchmark: its method, tables and goals.
pub(crate) struct Report {
    pub(crate) title: &'static str,
    /// The method, a sentence on each line.
    pub(crate) how: String,
    /// The limits of the measurement.
    pub(crate) limits: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) goals: Vec<Goal>,
}

/// A table. The first column has words, the others have numbers.
pub(crate) struct Table {
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// A claim, and the measurement for it.
pub(crate) struct Goal {
    pub(crate) claim: &'static str,
    pub(crate) met: bool,
    pub(crate) measured: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, how, limits, tables, goals } = self;
        write!(f, "## {title}\n\n{how}\n{limits}\n")?;
        for table in tables {
            write!(f, "\n{table}")?;
        }
        writeln!(f)?;
        for Goal { claim, met, measured } in goals {
            let met = if *met { "**met**" } else { "**not met**" };
            writeln!(f, "- {claim}: {met} ({measured}).")?;
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| {} |", self.heads.join(" | "))?;
        writeln!(f, "|---|{}", "--:|".repeat(self.heads.len().saturating_sub(1)))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}
