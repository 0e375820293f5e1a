### İstemcilere bağışçılar, kampanyalar ve bağışlar hakkında söylenenler, Türkçe.

## ret nedenleri

transition =
    durumu “{ $from ->
        [pending] beklemede
        [completed] tamamlandı
        [cancelled] iptal edildi
        [refunded] iade edildi
       *[other] { $from }
    }” olan bir bağış “{ $to ->
        [pending] beklemede
        [completed] tamamlandı
        [cancelled] iptal edildi
        [refunded] iade edildi
       *[other] { $to }
    }” durumuna geçemez
settled =
    durumu “{ $state ->
        [pending] beklemede
        [completed] tamamlandı
        [cancelled] iptal edildi
        [refunded] iade edildi
       *[other] { $state }
    }” olan bir bağışta şu alanlar değiştirilemez: { $fields }
not_to_be_corrected =
    durumu “{ $state ->
        [pending] beklemede
        [completed] tamamlandı
        [cancelled] iptal edildi
        [refunded] iade edildi
       *[other] { $state }
    }” olan bir bağış düzeltilemez: yalnızca tamamlanmış olan düzeltilebilir
refund_first = tamamlanmış bir bağış silinemez: önce iade edin

## alanlar

not_more_than_zero = sıfırdan büyük olmalı
only_goods_of_unknown_worth = gerekli: yalnızca ayni bağışların (in_kind) değeri bilinmeyebilir
before_1900 = 1900 yılından önce olamaz
in_the_future = ileri bir tarih olamaz
too_far_in_the_future = en çok beş yıl ileri bir tarih olabilir
ends_before_it_starts = starts_on tarihinden önce olamaz
