### HTTP'nin kendisinin istemcilere söyledikleri, Türkçe: sorun başlıkları ve isteklerdeki hatalar.
### Anahtarlar ve değişkenler en.ftl ile aynıdır; bir test karşılaştırır. Alan ve başlık adları (If-Match,
### starts_on) ile kodlar (pending) olduğu gibi kalır. Buradaki satır sonları yalnızca okumayı kolaylaştırır.

## Sorun türleri: başlıkları ve /problems/{code} sayfasındaki açıklamaları

problem-bad_request = İstek anlaşılamadı
    .explanation =
        İstek biçimsel olarak hatalı: bozuk JSON, iki kez geçen bir anahtar, bilinmeyen veya yinelenen bir sorgu
        parametresi, başka bir listeye ait imleç ya da okunamayan bir başlık. Hatalı kısmı `detail` ve `errors`
        belirtir. İsteği düzeltin; aynı isteği yinelemek işe yaramaz.
problem-unauthenticated = Oturum açılmamış
    .explanation =
        İstekte oturum yok ya da oturumun süresi dolmuş veya oturum sonlandırılmış. POST /api/v1/auth/login ile
        yeniden oturum açın.
problem-invalid_credentials = E-posta adresi veya parola hatalı
    .explanation = Bilinmeyen adres, yanlış parola ve etkin olmayan kullanıcı için aynı yanıt verilir.
problem-forbidden = Bu işlem için yetkiniz yok
    .explanation = Oturum açan kullanıcının rolünde bir yetki eksik; hangisi olduğunu `detail` belirtir.
problem-csrf = İstek sahte olabilir
    .explanation =
        Değişiklik yapan bir istek, almoner_csrf çerezinin (ya da GET /api/v1/auth/session yanıtındaki csrf_token
        alanının) değerini X-CSRF-Token başlığında taşımalı ve bu sunucunun veya izin verilen bir kaynağın
        sayfasından gelmelidir.
problem-edit_window_closed = Bu kaydı düzeltme süresi doldu
    .explanation =
        Bazı roller yalnızca az önce girdiklerini düzeltebilir. Rolünde böyle bir sınır olmayan birinden yardım
        isteyin.
problem-role_not_granted = Rolün yetkileri sizinkileri aşıyor
    .explanation = Bir rolü yalnızca, o rolün izin verdiği her şeye yetkili olan biri verebilir, oluşturabilir
        veya değiştirebilir.
problem-user_not_manageable = Kullanıcının yetkileri sizinkileri aşıyor
    .explanation = Rolü sizinkinden fazlasına izin veren kullanıcıları yalnızca eşit yetkidekiler değiştirebilir.
problem-not_found = Kayıt veya adres bulunamadı
    .explanation =
        Adres bilinmiyor ya da kayıt yok veya erişim alanınızın dışında. Bunlardan hangisi olduğu söylenmez.
problem-method_not_allowed = Bu adreste bu yöntem kullanılamaz
    .explanation = Adres var, ancak başka yöntemlerle kullanılır; bunları Allow başlığı sıralar.
problem-not_acceptable = İstenen biçimde yanıt verilemiyor
    .explanation =
        İsteğin Accept başlığı, adresin yanıt verebildiği bütün biçimleri dışlıyor; `detail` bunları sayar.
problem-request_timeout = İstek gövdesi çok yavaş geldi
    .explanation =
        Sunucu bir isteğin gövdesini sonsuza dek beklemez: işletmeci başka türlü ayarlamadıysa gövde
        bir dakika içinde tamamlanmalı ve saniyede en az bir kilobayt hızla gelmelidir. Bağlantı
        kapatılır ve hiçbir işlem yapılmaz. İsteği gövdesinin tamamıyla yeniden gönderin.
problem-conflict = Kaydın durumu buna izin vermiyor
    .explanation =
        Benzersiz olması gereken bir değer kullanımda, kaydın durumu bu adıma izin vermiyor ya da aynı
        Idempotency-Key ile gönderilen bir istek hâlâ işleniyor. Hangisi olduğunu `detail` belirtir.
problem-email_taken = E-posta adresi kullanımda
    .explanation = Adres başka bir kullanıcıya ait; büyük ve küçük harf ayrımı yapılmaz.
problem-role_name_taken = Rol adı kullanımda
    .explanation = Başka bir ad seçin.
problem-role_in_use = Rol kullanımda
    .explanation = Rolü silmeden önce bu roldeki kullanıcılara başka bir rol verin.
problem-role_built_in = Yerleşik rol
    .explanation = Yerleşik rolü değiştirmek yerine özel bir rol oluşturun.
problem-own_role = Bu, kendi rolünüz
    .explanation = Kimse kendi yetkilerini değiştiremez.
problem-own_account = Bu, kendi hesabınız
    .explanation = Kimse kendi hesabını devre dışı bırakamaz.
problem-last_superadmin = Son süper yönetici kalmalı
    .explanation = Önce etkin bir süper yönetici daha belirleyin.
problem-mail_off = Sunucu e-posta göndermiyor
    .explanation =
        Davet için e-posta gerekir; sunucuyu işleten bunu ayarlamamış. Kullanıcıya bir ilk parola verin ya da
        sunucuyu işletenden `mail.transport` ayarını yapmasını isteyin.
problem-mail_not_failed = E-posta başarısız olmadı
    .explanation = Yalnızca başarısız olan, geri dönen ya da bekletilen bir e-posta yeniden gönderilebilir.
problem-not_invited = Kullanıcının parolası var
    .explanation =
        Yalnızca daveti henüz kabul etmemiş bir kullanıcı yeniden davet edilebilir. Parolasını unutan biri POST
        /api/v1/auth/password-reset ile yenisini ister.
problem-not_active = Kullanıcı etkin değil
    .explanation = Kullanıcı daha önce devre dışı bırakılmış.
problem-already_active = Kullanıcı zaten etkin
    .explanation = Yalnızca devre dışı bırakılmış bir kullanıcı yeniden etkinleştirilebilir.
problem-transition = Durum bu adıma izin vermiyor
    .explanation =
        Bir bağış beklemedeyken (pending) tamamlanabilir (completed) veya iptal edilebilir (cancelled);
        tamamlandıktan sonra iade edilebilir (refunded) ve düzeltilebilir (correct). Bağışın hangi durumda olduğunu `detail` belirtir.
problem-settled = Bağış kesinleşmiş
    .explanation =
        Bağış beklemede (pending) durumundan çıktıktan sonra bazı alanlar değiştirilemez; hangileri olduğunu
        `detail` belirtir. Tamamlanmış bir bağışın bağışçısı `correct` adımıyla düzeltilir.
problem-completed_stays = Tamamlanmış bir bağış silinemez
    .explanation = Önce iade edin: tahsil edilmiş para kayıtlardan kaybolmaz.
problem-too_many_children = Kayıtla birlikte çok fazla kayıt silinecek
    .explanation = Bu kaydın parçası olan kayıtlar onunla birlikte silinir. Önce bir kısmını silin.
problem-not_in_trash = Kayıt çöp kutusunda değil
    .explanation = Kalıcı olarak silmeden önce çöp kutusuna taşıyın.
problem-second_person = Başka biri gerekir
    .explanation =
        Kaydı giren kişi bu adımı atamaz: iki kişinin bakması gerekir. İzni olan başka birinden isteyin.
problem-too_much_to_sum = Toplanacak kayıt çok fazla
    .explanation =
        Özet, tek bir isteğin bakabileceğinden fazla kayda bakacak ya da izin verilenden fazla satır verecekti.
        Süzgeçlerle daraltın veya daha az alana göre gruplayın; verilen bir özette hiçbir kayıt eksik değildir.
problem-effect_refused = Bunun sonucu mümkün değil
    .explanation =
        İstek başka bir kaydı da değiştirir ve o kayıt böyle değiştirilemez: çöp kutusundadır ya da değeri başka bir
        kayıtta vardır. Hiçbir şey kaydedilmedi.
problem-has_donations = Kaydın bağışları var
    .explanation = Bağışı olan bir bağışçı veya kampanya kalıcı olarak silinemez.
problem-answer_gone = Yanıt artık saklanmıyor
    .explanation =
        Bu Idempotency-Key ile gönderilen istek yerine getirildi ve yeniden yerine getirilmez. Yanıtı artık
        gösterilemez: içindeki bir kayıt kalıcı olarak silindi ya da gönderenin görebildikleri değişti.
        Gerekenleri yeniden okuyun; başka bir istek için başka bir anahtar kullanın.
problem-taken = Değer kullanımda
    .explanation = Benzersiz olması gereken bir değer başka bir kayıtta var.
problem-no_identity = Kimlik numarası yok
    .explanation = Kayıtta gösterilebilecek bir kimlik numarası yok.
problem-job_state = İşin durumu buna izin vermiyor
    .explanation =
        Yalnızca başarısız olmuş (failed) veya iptal edilmiş (cancelled) bir iş yeniden denenebilir, yalnızca
        bekleyen (waiting) bir iş hemen çalıştırılabilir, yalnızca tamamlanmamış bir iş iptal edilebilir. İşin
        hangi durumda olduğunu `detail` belirtir.
problem-schedule_state = Zamanlama zaten bu durumda
    .explanation = Duraklatılmış bir zamanlama sürdürülebilir, duraklatılmamış olan duraklatılabilir.
problem-webhook_disabled = Web kancası etkin değil
    .explanation = Kapatılmış bir web kancasına hiçbir şey gönderilmez. Önce etkinleştirin.
problem-delivery_pending = Gönderim hâlâ sürüyor
    .explanation = Yalnızca teslim edilmiş ya da gönderilmesinden vazgeçilmiş bir ileti yeniden gönderilebilir.
problem-user_limit = Çok fazla kullanıcı var
    .explanation =
        Döngü içinde kullanıcı oluşturan bir program burada durdurulur. Kullanıcılar hiç silinmez: daha
        fazlasına ihtiyacı olan işletmeci başka bir sınır istemelidir.
problem-invitation_limit = Çok fazla açık davet var
    .explanation =
        Davet edilmiş ve henüz parola seçmemiş kullanıcılar sayılır. Parola seçmelerini bekleyin ya da
        bazılarını devre dışı bırakın.
problem-role_limit = Çok fazla rol var
    .explanation = Kimsede olmayan rolleri silin.
problem-webhook_limit = Çok fazla web kancası var
    .explanation = Artık gerekmeyen web kancalarını silin.
problem-subscription_in_use = Soketin bu id ile bir aboneliği var
    .explanation = Önce onu sonlandırın ya da başka bir id seçin. Id'ler tek bir soket içindir.
problem-socket_limit = Soketin sınırına ulaşıldı
    .explanation =
        Bir soketin abonelik ve oda sayısı sınırlıdır; beklemek yardımcı olmaz. Önce bir aboneliği sonlandırın
        ya da bir odadan çıkın. Hangi sınır olduğunu `detail` belirtir.
problem-stale = Kayıt bu arada değişmiş
    .explanation =
        If-Match başlığındaki sürüm artık kaydın sürümü değil. Şimdiki sürümü `current_version`, sizinkinden bu
        yana değişen alanları `fields` belirtir. Veritabanı yedekten geri yüklenmişse, önceki bir ETag, sürümü aynı
        olsa bile artık geçerli değildir. Kaydı yeniden okuyun, karar verin ve isteği yeni ETag ile yineleyin.
problem-payload_too_large = İstek gövdesi çok büyük
    .explanation = Bir isteğin gövdesi en fazla 1 MiB, oturum açılmamışsa en fazla 16 KiB olabilir.
problem-unsupported_media_type = İstek gövdesinin türü yanlış
    .explanation =
        Gövde application/json, PATCH için ayrıca application/merge-patch+json türünde, UTF-8 kodlamasında ve
        Content-Encoding olmadan gönderilmelidir.
problem-validation = İstek geçerli değil
    .explanation =
        İsteğin biçimi doğru, ancak bazı alanlar hatalı veya bilinmiyor. `errors` bunların tümünü sıralar; her
        birinde gövdedeki yeri gösteren bir JSON Pointer, değişmeyen bir kod ve bir metin vardır.
problem-batch_failed = Toplu isteğin bir bölümü başarısız oldu
    .explanation =
        `mode=atomic` ile toplu isteğin ya tüm öğeleri kaydedilir ya da hiçbiri. `errors` her öğedeki tüm
        hataları, `/items/` ve öğenin sırasıyla başlayan bir JSON Pointer ile sıralar. Hiçbir şey kaydedilmedi:
        bu öğeleri düzeltin ya da isteği `mode=each` ile gönderin.
problem-idempotency_key_reused = Idempotency-Key başka bir isteğe ait
    .explanation =
        Bu anahtar son 24 saat içinde başka bir yöntem, adres veya gövdeyle gönderilen bir istekte kullanılmış.
        Her istek için yeni bir anahtar üretin ve anahtarı yalnızca aynı isteği yinelerken tekrar kullanın.
problem-locked = Hesap kilitli
    .explanation =
        Bu cihazda çok fazla hatalı parola girildi. Hesabın ne zaman açılacağını Retry-After belirtir. E-postayla
        gelen bağlantıyla yeni bir parola seçmek hesabı hemen açar; bir yönetici de açabilir.
problem-upgrade_required = Bu adres bir WebSocket
    .explanation =
        İstek yükseltme istemeli: HTTP/1.1 üzerinden GET ile Upgrade, Connection ve Sec-WebSocket-Version: 13
        başlıkları; her WebSocket istemcisi bunları gönderir.
problem-precondition_required = If-Match başlığı eksik
    .explanation =
        Bir kaydı değiştiren istek, hangi sürümden yola çıktığını belirtir; böylece kimsenin emeği fark edilmeden
        ezilmez. Okuduğunuz ETag değerini If-Match olarak gönderin.
problem-rate_limited = Çok fazla istek gönderildi
    .explanation =
        Retry-After başlığındaki saniye kadar bekleyin. Kotanın büyüklüğünü RateLimit-Limit, kalanını
        RateLimit-Remaining, kotanın tamamen yenilenmesine kaç saniye olduğunu RateLimit-Reset belirtir.
problem-internal = Sunucu hatası
    .explanation = Hata sunucudan kaynaklanıyor. İşletmeci, nedenini kayıtlarda `request_id` ile bulur.
problem-unavailable = Sunucu şu anda hizmet veremiyor
    .explanation =
        Sunucunun gereksindiği bir bileşene, örneğin veritabanına ulaşılamıyor. Hiçbir şey değiştirilmedi;
        Retry-After başlığındaki saniye kadar sonra yeniden deneyin.

## istekler ve başlıkları

query_parameters = sorgu parametresi: { $names }
query_not_utf8 = sorgu UTF-8 kodlamasında değil
badly_escaped = adreste ardından iki onaltılık basamak gelmeyen bir yüzde işareti ya da NUL karakteri var, veya adres UTF-8 kodlamasında değil
if_match_missing = okuduğunuz ETag değerini If-Match olarak gönderin
if_match_not_a_version = If-Match tek bir sürümün ETag değeri olmalı, örneğin "3"
idempotency_key_malformed = Idempotency-Key 1 ile 255 arasında görünür ASCII karakterden oluşmalı
idempotency_key_elsewhere = anahtar başka bir adres veya gövdeyle gönderilen bir istekte kullanılmış
shown_record_destroyed = istek yerine getirildi; yanıtında sonradan kalıcı olarak silinen bir kayıt vardı
rights_changed = istek yerine getirildi; görebildikleriniz o zamandan beri değişti
twin_is_running = aynı Idempotency-Key ile gönderilen bir istek hâlâ işleniyor
answers_with = bu adresin yanıt biçimleri: { $types }
foreign_origin = isteği gönderen sayfa yabancı bir kaynaktan
foreign_site = isteği gönderen sayfa başka bir siteden
csrf_token_missing = X-CSRF-Token başlığı eksik
csrf_token_foreign = X-CSRF-Token bu oturuma ait değil
metrics_need_a_token = ölçümler için yapılandırmadaki taşıyıcı belirteç (bearer token) gerekir
wait = { $seconds } saniye bekleyin
status_of_the_answer = durum kodu { $status }

## istek gövdesi

body_too_large = istek gövdesi en fazla { $limit } bayt olabilir
body_cut_off = istek gövdesi yarıda kesildi
body_too_slow = istek gövdesi çok yavaş geldi ya da hiç gelmedi
too_many_bodies = bu adresin çok sayıda isteği gövdesini henüz tamamlamadı
body_encoded = istek gövdesini Content-Encoding olmadan gönderin
body_not_utf8 = istek gövdesi UTF-8 kodlamasında olmalı
content_type_must_be_json = Content-Type application/json olmalı
content_type_must_be_a_patch = Content-Type application/merge-patch+json veya application/json olmalı
json_ends_too_early = istek gövdesi geçerli JSON değil: erken bitiyor
not_json = istek gövdesi geçerli JSON değil: satır { $line }, sütun { $column }
key_stands_twice = aynı nesnede bir anahtar iki kez geçiyor: satır { $line }, sütun { $column }

## her tür alan ve parametre

must_be_a_json_object = bir JSON nesnesi olmalı
has_no_body = bu istekte gövde olmaz
not_a_known_parameter = bilinmeyen parametre
may_stand_only_once = yalnızca bir kez verilebilir
wrong_form = biçimi geçerli değil
out_of_range = { $min } ile { $max } arasında olmalı
items_out_of_range = 1 ile { $max } arasında öğe içermeli
items_failed = { $all } öğeden { $count } tanesi başarısız oldu, hiçbiri kaydedilmedi
values_out_of_scope = çağıranın kapsamı dışındaki kayıtlara ait { $count } benzersiz değer
one_batch_at_a_time = başka bir toplu isteğiniz sürüyor: birini bitirmeden diğerini göndermeyin
could_not_be_done = yapılamadı
statuses_of_the_operation = bu işlemin yanıt kodları: { $statuses }
must_be_a_natural_number = negatif olmayan bir tam sayı olmalı
must_be_an_array = dizi (array) olmalı
must_be_some_of = virgülle ayrılmış olarak şunlardan bir veya birkaçı olmalı: { $choices }
role_or_roles = ya bu ya da `roles` gönderilir, ikisi birden değil
each_permission_once = her yetki yalnızca bir kez yazılmalı
each_topic_once = her konu yalnızca bir kez yazılmalı
each_group_once = her gruplama yalnızca bir kez verilebilir
limit_out_of_range = 1 ile { $max } arasında olmalı
not_of_a_live_list = canlı akışla birlikte kullanılamaz: akış ilk sayfadan başlar ve sayım yapılmaz
too_many_streams_of_user = bir kullanıcı aynı anda en çok { $max } listeyi izleyebilir
foreign_cursor = başka bir listeye, süzgece veya sıralamaya ait: imleç olmadan baştan başlayın
must_be_a_job_kind = bir iş türü olmalı, örneğin housekeeping.expired

## soket mesajları

origin_missing = Origin eksik: bağlantıyı hangi sayfanın açtığını belirtin
ask_for_a_websocket = bu adres bir WebSocket: 13 sürümüne yükseltme isteyin
websocket_key_malformed = Sec-WebSocket-Key base64 ile yazılmış 16 bayt olmalıdır
must_be_a_handle = 1 ile 64 arasında görünür ASCII karakter olmalıdır
must_be_a_list_address = /api/v1/donors?sort=name gibi bir liste adresi olmalıdır
either_list_or_topics = list ve topics alanlarından yalnızca biri olmalıdır
must_be_a_room =
    bir kayıt türü, iki nokta ve bir kimlik olmalıdır; örneğin
    donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11
must_be_a_word = typing gibi küçük harfli bir sözcük olmalıdır
too_many_bytes = en çok { $max } bayt olabilir
subscription_goes_on = bu id ile süren bir abonelik var: önce onu sonlandırın ya da başka bir id seçin
not_in_the_room = bu odada değilsiniz: önce odaya katılın
too_many_subscriptions = bir bağlantının en çok { $max } aboneliği olabilir
too_many_rooms = bir bağlantı en çok { $max } odada bulunabilir
