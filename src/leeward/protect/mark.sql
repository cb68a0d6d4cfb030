-- What `ctx.enter` leaves in its transaction, made of the secret `e`. Stands as `:mark` in the functions of `context.sql`.
encode(sha256(e.secret || convert_to(
    current_setting('leeward.token', true) || extract(epoch FROM transaction_timestamp()), 'UTF8')), 'hex')
