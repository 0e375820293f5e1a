//! What this crate tells a caller.

almoner_kernel::words! {
    pub(crate) mail_not_failed = "only a mail that failed, bounced or was held back can be sent again";
    pub(crate) mail_is_off = "the server sends no mail: the operator has not set it up";
}
