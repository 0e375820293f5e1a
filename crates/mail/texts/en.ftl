### What callers are told about mails, in English.

## refusals

mail_not_failed = only a mail that failed, bounced or was held back can be sent again
mail_is_off = the server sends no mail: the operator has not set it up
