//! What this crate tells a caller.

almoner_kernel::words! {
    pub(crate) job_state(state) = "this cannot be done with a job that is {state}";
    pub(crate) already_paused = "the schedule is paused already";
    pub(crate) not_paused = "the schedule is not paused";
}
