//@ src/render/json.rs
//! A renderer that waits.

async fn write() { //~ async-in-pure
    flush().await; //~ async-in-pure
}

fn closure() {
    let later = async move || 1; //~ async-in-pure
    join!(async { 2 }); //~ async-in-pure
}
