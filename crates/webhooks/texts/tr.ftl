### İstemcilere webhook'lar hakkında söylenenler, Türkçe.

## ret nedenleri

webhook_disabled = web kancası etkin değil
delivery_pending = gönderim hâlâ sürüyor
webhook_limit = zaten { $max } web kancası var

## alanlar

not_a_url = https ile başlayan bir URL olmalı, örneğin https://example.org/hooks
url_with_user = kullanıcı adı veya parola içermemeli
url_with_fragment = # işaretinden sonra bir bölüm içermemeli
url_port = bağlantı noktası 443 olmalı veya en az 1024 olmalı
url_private = özel bir ağın adresi
not_an_event_type = bir olay türü olmalı, örneğin donation.created veya donation.*
each_event_type_once = her olay türünü yalnızca bir kez içermeli
event_types_out_of_range = 1 ile { $max } arasında olay türü içermeli
