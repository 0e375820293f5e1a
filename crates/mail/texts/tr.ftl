### İstemcilere e-postalar hakkında söylenenler, Türkçe.

## ret nedenleri

mail_not_failed = yalnızca başarısız olan, geri dönen ya da bekletilen bir e-posta yeniden gönderilebilir
mail_is_off = sunucu e-posta göndermiyor: sunucuyu işleten bunu ayarlamamış
