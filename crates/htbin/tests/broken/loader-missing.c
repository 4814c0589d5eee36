/* Linked for a loader that no machine has: cc -Wl,--dynamic-linker=/lib/ld-none.so.1 */
#include <stdio.h>

int main(void) {
    printf("Content-Type: text/plain\r\n\r\nhello\n");
    return 0;
}
