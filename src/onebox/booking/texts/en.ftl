# What a salon says in English. The other catalogues have the same keys, variables and functions.
# DAY, TIME, MONEY and LENGTH write a value as the language does. Keys that begin with `button-` are labels.

## Beginning

greeting = Hello, and welcome! You can book a visit here, move it or cancel it. What can we do for you?
choose-language = Which language would you like to use?
language-kept = Fine, we will write to you in English.

## What, with whom, when

choose-service = What would you like to have done?
service-line = { $service }: { LENGTH($length) }, { MONEY($price) }
another-service = Would you like to add something to the same visit?
choose-staff = With whom would you like to come?
choose-day = Which day suits you? Choose one, or just write it, for example “tomorrow after 5”.
choose-time = { DAY($day) }: which time suits you?
free-times = { DAY($day) }: { $count ->
    [one] one time is free
   *[other] { $count } times are free
}
which-meant = Which one do you mean?
time-has-passed = That time has already passed. Which other one suits you?
too-soon = That is too soon for us: please choose a time from { DAY($start) }, { TIME($start) } on.
too-far = We do not take bookings that far ahead yet. The last day is { DAY($day) }.
closed-then = We are closed at that time.
nothing-free = Nothing is free then, unfortunately. Would you like another day, or shall we put you on the waiting list?
taken-meanwhile = That time has just been taken, sorry. These are the nearest that are free:
nearest = These are the nearest times that are free:

## Who, and is it right

ask-name = What name may we put down?
ask-phone = What is your phone number, in case something changes? Please write it with the country code.
phone-not-understood = We could not read that number. Please write it like this: { $example }
summary =
    Is this right?
    { $service }
    with { $staff }
    { DAY($start) }, { TIME($start) }
    { LENGTH($length) }, { MONEY($price) }
held-until = We are keeping this time for you until { TIME($until) }.
hold-ended = We could no longer keep that time, so it is free again. Would you like to choose anew?

## Booked, moved, cancelled

booked = Your visit is booked: { $service } with { $staff }, { DAY($start) }, { TIME($start) }. We look forward to seeing you!
moved = Your visit has been moved: { $service } with { $staff }, { DAY($start) }, { TIME($start) }.
cancelled = Your visit is cancelled: { $service }, { DAY($start) }, { TIME($start) }. We hope to see you another time.
my-appointments = { $count ->
    [one] You have one visit booked:
   *[other] You have { $count } visits booked:
}
no-appointments = You have no visits booked.
appointment-line = { DAY($start) }, { TIME($start) }: { $service } with { $staff }
choose-appointment = Which visit is it about?
really-cancel = Shall we really cancel it? { $service }, { DAY($start) }, { TIME($start) }
kept = Good, everything stays as it was.
policy-cancellation = You can cancel or move a visit yourself up to { LENGTH($window) } before it begins.
too-late-to-cancel = It is less than { LENGTH($window) } until your visit, so please talk to us about it.
not-possible = That is no longer possible: this visit is over, or was cancelled.

## Reminders

reminder-day = A reminder of your visit: { $service } with { $staff }, { DAY($start) }, { TIME($start) }. Will you come?
reminder-soon = See you soon! { $service } with { $staff }, today, { TIME($start) }.
nudge = We have not heard from you yet: will you come? { DAY($start) }, { TIME($start) }
thanks-confirmed = Thank you, we look forward to seeing you!

## Waiting list

waitlist-joined = You are on the waiting list. { $count ->
    [0] You are next, and we write as soon as a time is free.
    [one] One person is before you, and we write as soon as it is your turn.
   *[other] { $count } people are before you, and we write as soon as it is your turn.
}
waitlist-offer = A time is free for you: { $service } with { $staff }, { DAY($start) }, { TIME($start) }. We are keeping it for you until { TIME($until) }.
waitlist-taken = Lovely, it is yours: { $service } with { $staff }, { DAY($start) }, { TIME($start) }.
waitlist-expired = We could not keep that time any longer. You are still on the waiting list.
waitlist-left = We have taken you off the waiting list.

## Payment

deposit-to-pay = To book, please pay a deposit of { MONEY($deposit) } by { TIME($until) }: { $link }
price-to-pay = To book, please pay { MONEY($price) } by { TIME($until) }: { $link }
pay-at-salon = You pay at the salon: { MONEY($price) }
paid = Thank you, we have received { MONEY($amount) }.
payment-late = Your payment came when the time was no longer free. We are sending { MONEY($amount) } back to you.
refunded = { MONEY($amount) } is on its way back to you.

## Help

human-called = We have told our team. Somebody will answer you here.
not-understood = Sorry, we did not understand that. Please choose one of these, or call a human.
started-again = Let us start again.

## Buttons

button-book = Book a visit
button-my-appointments = My visits
button-anyone = Anyone
button-add-service = Add a service
button-continue = Continue
button-day = { DAY($day, form: "short") }
button-time = { TIME($start) }
button-other-day = Another day
button-other-time = Another time
button-more = More
button-yes = Yes
button-no = No
button-confirm = Confirm
button-move = Move
button-cancel = Cancel visit
button-keep = Keep it
button-join-waitlist = Waiting list
button-leave-waitlist = Leave the list
button-take = Yes, I take it
button-decline = No, thank you
button-pay = Pay { MONEY($amount) }
button-human = Call a human
button-language = Language
button-back = Back
button-start-again = Start again
