## Beginning

greeting = Здравствуйте! Здесь можно записаться на визит, перенести его или отменить. Чем можем быть полезны?
choose-language = На каком языке Вам удобно общаться?
language-kept = Хорошо, будем писать Вам по-русски.

## What, with whom, when

choose-service = На какую услугу Вас записать?
service-line = { $service }: { LENGTH($length) }, { MONEY($price) }
another-service = Хотите добавить что-нибудь к этому визиту?
choose-staff = К кому Вы хотели бы прийти?
choose-day = Какой день Вам подходит? Выберите или просто напишите, например «завтра после 17».
choose-time = { DAY($day) }: во сколько Вам удобно?
free-times = { DAY($day) }: { $count ->
    [one] есть { $count } свободный вариант
    [few] есть { $count } свободных варианта
    [many] есть { $count } свободных вариантов
   *[other] есть { $count } свободного варианта
}
which-meant = Что именно Вы имели в виду?
time-has-passed = Это время уже прошло. Какое другое Вам подойдёт?
too-soon = Так скоро мы, к сожалению, не успеем. Выберите, пожалуйста, время не раньше чем: { DAY($start) }, { TIME($start) }.
too-far = На такой далёкий день записи ещё нет. Последний день: { DAY($day) }.
closed-then = В это время мы закрыты.
nothing-free = К сожалению, на это время ничего свободного нет. Выбрать другой день или записать Вас в лист ожидания?
taken-meanwhile = Извините, это время только что заняли. Вот ближайшее свободное:
nearest = Вот ближайшее свободное время:

## Who, and is it right

ask-name = На какое имя Вас записать?
ask-phone = По какому номеру с Вами связаться, если что-то изменится? Напишите его, пожалуйста, с кодом страны.
phone-not-understood = Не удалось разобрать номер. Напишите его, пожалуйста, так: { $example }
summary =
    Всё верно?
    { $service }
    Мастер: { $staff }
    { DAY($start) }, { TIME($start) }
    { LENGTH($length) }, { MONEY($price) }
held-until = Держим это время для Вас до { TIME($until) }.
hold-ended = Мы больше не могли держать это время, и оно снова свободно. Выбрать заново?

## Booked, moved, cancelled

booked = Вы записаны: { $service }, мастер { $staff }, { DAY($start) }, { TIME($start) }. Ждём Вас!
moved = Визит перенесён: { $service }, мастер { $staff }, { DAY($start) }, { TIME($start) }.
cancelled = Визит отменён: { $service }, { DAY($start) }, { TIME($start) }. Будем рады видеть Вас в другой раз.
my-appointments = { $count ->
    [one] У Вас { $count } запись:
    [few] У Вас { $count } записи:
    [many] У Вас { $count } записей:
   *[other] У Вас { $count } записи:
}
no-appointments = У Вас нет записей.
appointment-line = { DAY($start) }, { TIME($start) }: { $service }, мастер { $staff }
choose-appointment = О какой записи идёт речь?
really-cancel = Действительно отменить? { $service }, { DAY($start) }, { TIME($start) }
kept = Хорошо, всё остаётся как было.
policy-cancellation = Самостоятельно отменить или перенести визит можно заранее, не позже чем за: { LENGTH($window) }.
too-late-to-cancel = До Вашего визита осталось слишком мало времени (отменить можно не позже чем за: { LENGTH($window) }). Свяжитесь, пожалуйста, с нами.
not-possible = Это уже невозможно: визит завершён или отменён.

## Reminders

reminder-day = Напоминаем о Вашем визите: { $service }, мастер { $staff }, { DAY($start) }, { TIME($start) }. Вы придёте?
reminder-soon = До встречи! { $service }, мастер { $staff }, сегодня, { TIME($start) }.
nudge = Вы ещё не ответили: ждать ли Вас? { DAY($start) }, { TIME($start) }
thanks-confirmed = Спасибо, ждём Вас!

## Waiting list

waitlist-joined = Вы в листе ожидания. { $count ->
    [0] Вы следующие: как только освободится время, мы напишем.
    [one] Перед Вами { $count } человек. Напишем, как только подойдёт Ваша очередь.
    [few] Перед Вами { $count } человека. Напишем, как только подойдёт Ваша очередь.
    [many] Перед Вами { $count } человек. Напишем, как только подойдёт Ваша очередь.
   *[other] Перед Вами { $count } человека. Напишем, как только подойдёт Ваша очередь.
}
waitlist-offer = Для Вас освободилось время: { $service }, мастер { $staff }, { DAY($start) }, { TIME($start) }. Держим его для Вас до { TIME($until) }.
waitlist-taken = Отлично, это время Ваше: { $service }, мастер { $staff }, { DAY($start) }, { TIME($start) }.
waitlist-expired = Мы больше не могли держать это время. Вы остаётесь в листе ожидания.
waitlist-left = Мы убрали Вас из листа ожидания.

## Payment

deposit-to-pay = Чтобы подтвердить запись, внесите, пожалуйста, предоплату { MONEY($deposit) } до { TIME($until) }: { $link }
price-to-pay = Чтобы подтвердить запись, оплатите, пожалуйста, { MONEY($price) } до { TIME($until) }: { $link }
pay-at-salon = Оплата в салоне: { MONEY($price) }
paid = Спасибо, оплата получена: { MONEY($amount) }.
payment-late = Оплата пришла, когда это время было уже занято. Возвращаем Вам { MONEY($amount) }.
refunded = Возвращаем Вам { MONEY($amount) }.

## Help

human-called = Мы сообщили команде салона. Вам ответят здесь.
not-understood = Извините, мы не поняли. Выберите, пожалуйста, один из вариантов или позовите человека.
started-again = Начнём сначала.

## Buttons

button-book = Записаться
button-my-appointments = Мои записи
button-anyone = Кто угодно
button-add-service = Добавить услугу
button-continue = Дальше
button-day = { DAY($day, form: "short") }
button-time = { TIME($start) }
button-other-day = Другой день
button-other-time = Другое время
button-more = Ещё
button-yes = Да
button-no = Нет
button-confirm = Подтвердить
button-move = Перенести
button-cancel = Отменить визит
button-keep = Оставить
button-join-waitlist = В лист ожидания
button-leave-waitlist = Выйти из листа
button-take = Да, беру
button-decline = Нет, спасибо
button-pay = Оплатить { MONEY($amount) }
button-human = Позвать человека
button-language = Язык
button-back = Назад
button-start-again = Начать сначала
