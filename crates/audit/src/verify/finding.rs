//! What can be wrong with a trail, and how it is told.

/// The first thing that is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The row, its seal, or its place is not what was sealed.
    #[error("row {position} was altered")]
    Altered {
        /// The row.
        position: i64,
    },
    /// Rows were taken out.
    #[error("row {position} is missing: the next one is row {next}")]
    Missing {
        /// The first one that is gone.
        position: i64,
        /// The next one that is there.
        next: i64,
    },
    /// The row was put in by somebody without the key: its place is taken, before the first or
    /// behind the last.
    #[error("row {position} was inserted")]
    Inserted {
        /// The row.
        position: i64,
    },
    /// The last rows were taken out.
    #[error("row {position} is missing: the trail was cut off, it went on to row {end}")]
    CutOff {
        /// The first one that is gone.
        position: i64,
        /// The last one there was, according to the head or the mark that was noted.
        end: i64,
    },
    /// There are rows, and nothing that says where they end.
    #[error("the head of the trail is gone; its rows go on to row {end}")]
    HeadLost {
        /// The last row.
        end: i64,
    },
    /// The head does not have the seal of the row it names.
    #[error("the head of the trail was altered: it does not have the seal of row {position}")]
    HeadAltered {
        /// The row it names.
        position: i64,
    },
    /// The head names a row before the last one.
    #[error("the head of the trail was put back to row {position}; its rows go on to row {end}")]
    HeadBehind {
        /// The row it names.
        position: i64,
        /// The last row.
        end: i64,
    },
    /// The rows are sealed with the right key, but they are not the ones of the mark that was noted:
    /// somebody who has the key wrote the trail anew.
    #[error("row {position} is not the one that was noted: the trail was sealed anew")]
    Rewritten {
        /// The row.
        position: i64,
    },
    /// The mark was noted before the trail was sealed anew in a later format: it proves nothing any
    /// more.
    #[error(
        "the noted row {position} was sealed anew when the program was brought up to date, as were all \
         up to row {end}"
    )]
    SealedAnew {
        /// The row.
        position: i64,
        /// The last row that was.
        end: i64,
    },
    /// Rows that stand outside of the chain.
    #[error("{rows} rows were put in outside of the chain")]
    Outside {
        /// How many.
        rows: u64,
    },
    /// Somebody without the key said that the first rows may be gone.
    #[error(
        "the floor of the trail was altered: rows up to {position} are said to be past their time"
    )]
    FloorAltered {
        /// Where it was put.
        position: i64,
    },
    /// The row of the mark that was noted went because its time was over: it proves nothing any more.
    #[error("the noted row {position} is past its time and gone, as are all up to row {floor}")]
    NotedGone {
        /// The row.
        position: i64,
        /// The last row that is gone.
        floor: i64,
    },
    /// The trail was sealed with another key; nothing can be said about it with this one.
    #[error("the trail was sealed with the key {sealed}, and this is the key {given}")]
    WrongKey {
        /// The key of the head.
        sealed: String,
        /// The key of the verification.
        given: String,
    },
}
